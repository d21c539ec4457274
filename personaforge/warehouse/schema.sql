-- The warehouse, version 3. Every row comes from an immutable record in .forge/records; nothing is written here first.
-- Times are UTC. A NULL score means "not measured", and `unmeasured` says why.

create table meta (name varchar primary key, value varchar);

create table builds (
    build varchar primary key,
    started timestamp,
    seconds double,
    git_commit varchar,
    forge varchar,
    performed integer,           -- actions performed rather than found
    cost_usd double,
    unknown_calls integer,       -- paid calls whose cost nobody could say
    interrupted boolean,
    personas varchar[],
    overrides varchar[]
);

create table build_nodes (
    build varchar,
    node varchar,                -- sofia-reyes/image/07
    "end" varchar,               -- done, unchanged, restored, rejected, failed, skipped, stopped
    status varchar,              -- accepted, flagged, unmeasured, rejected
    performed integer,
    found integer,
    cost_usd double,
    seconds double,
    error varchar
);

create table actions (
    record varchar primary key,  -- key, with ~n where the result had to be made again
    key varchar,
    kind varchar,                -- complete, draw, film, measure, measure_clip, score_photo, sheet
    provider varchar,
    model varchar,
    persona varchar,
    node varchar,
    take integer,
    attempt integer,
    started timestamp,
    seconds double,
    paid boolean,
    cost_usd double
);

create table artifacts (
    digest varchar,
    media_type varchar,
    size bigint,
    name varchar,
    record varchar               -- the action that made it
);

create table measurements (
    record varchar primary key,
    artifact varchar,
    modality varchar,            -- face, video
    status varchar,              -- measured, no_face, unreadable
    reason varchar,
    faces integer,
    detection double,
    yaw double,                  -- degrees, > 0 to the viewer's right
    pitch double,                -- degrees, > 0 upwards
    roll double,
    sharpness double,
    width integer,
    height integer,
    backend varchar,
    backend_version varchar,
    pack varchar,
    pack_digest varchar,
    detector_size varchar,
    measured timestamp
);

create table photos (            -- raw measurements of photographs; `forge photos score` judges them anew each time
    record varchar primary key,
    artifact varchar,            -- the file's digest; neither its path nor its pixels are kept
    status varchar,              -- measured, unreadable
    reason varchar,
    format varchar,
    bytes bigint,
    width integer,
    height integer,
    hash varchar,                -- 64 bits in hex: bit_count(xor(...)) of two tells how alike the pictures are
    blur double,                 -- of the whole picture, [0, 1]
    sharpness double,
    mean_luma double,
    faces integer,               -- NULL: nothing could look for faces
    face_pixels double,
    face_share double,
    face_beyond double,
    face_others double,
    detection double,
    landmark_gap double,
    embedding_norm double,
    yaw double,
    face_blur double,
    face_sharpness double,
    face_mean_luma double,
    unevenness double,
    backend varchar,             -- NULL with faces: no face pack was there
    backend_version varchar,
    pack varchar,
    pack_digest varchar,
    detector_size varchar,
    measured timestamp
);

create table evaluations (
    evaluation varchar primary key,
    evaluated timestamp,
    build varchar,
    persona varchar,
    node varchar,
    step varchar,
    slot varchar,
    modality varchar,            -- face, video, text
    take integer,
    attempt integer,
    decision varchar,            -- ACCEPT, RETRY, REJECT
    measured boolean,
    score double,                -- composite for faces and clips, mean audit score for text
    cosine double,
    error double,
    error_bound double,          -- what strict mode allows for this size of face and turn of the head
    turn double,                 -- degrees between the anchor's pose and this one
    reference varchar,           -- which picture of the reference set the score is about; empty: the anchor alone
    cosine_std double,           -- this and the next four: of clips
    ratio_variance double,       -- mean over the facial ratios of their variance over the frames
    clip_sharpness double,       -- mean over the frames of sharpness over the anchor's
    flicker double,              -- largest histogram distance between neighbouring frames
    frames_measured integer,
    unmeasured varchar,
    out_of_domain boolean,       -- the pack was not made for this picture, whether or not it has a score
    reason varchar,
    artifact varchar,
    anchor varchar,
    reference_set varchar[],     -- digests of what else it was held against
    model varchar,
    provider varchar,
    label varchar,
    backend varchar,
    pack varchar,
    pack_digest varchar,
    backend_version varchar,
    detector_size varchar,
    accept_threshold double,
    retry_threshold double
);

-- What was measured of a persona over time, in order, numbered within its modality and analyzer.
create view timeline as
select
    row_number() over (
        partition by persona, modality, backend, pack_digest, backend_version, detector_size order by evaluated, evaluation
    ) as number,
    *
from evaluations
where score is not null;

-- What `forge drift` judges: one row for each metric of each distinct artifact, at its first evaluation against one
-- reference set by one analyzer. Judging or scoring an artifact again is no new evidence. What was made from another
-- artifact of its node (finished pictures, repaired clips) is left out: it repeats that one's score.
create view drift_records as
with made_from as (
    select distinct digest from artifacts join actions using (record) where kind in ('finish', 'repair')
),
firsts as (
    select * from evaluations
    where artifact is null or artifact not in (select digest from made_from)
    qualify row_number() over (
        partition by persona, modality, backend, pack_digest, backend_version, detector_size, anchor, reference_set,
            coalesce(artifact, evaluation)
        order by evaluated, evaluation
    ) = 1
),
sharp as (
    select artifact, backend, pack_digest, backend_version, detector_size, min(sharpness) as sharpness
    from measurements where modality = 'face' and status = 'measured'
    group by all
),
long as (
    select 'composite' as metric, score as value, modality as about, * from firsts where modality in ('face', 'video')
    union all
    select 'score', score, modality, * from firsts where modality = 'text'
    union all
    select 'cosine_std', cosine_std, modality, * from firsts where modality = 'video' and frames_measured > 1
    union all
    select 'ratio_variance', ratio_variance, modality, * from firsts where modality = 'video' and frames_measured > 1
    union all
    select 'clip_sharpness', clip_sharpness, 'quality', * from firsts where modality = 'video'
    union all
    select 'flicker', flicker, 'quality', * from firsts where modality = 'video'
    union all
    select 'sharpness', sharp.sharpness, 'quality', firsts.*
    from firsts join sharp using (artifact, backend, pack_digest, backend_version, detector_size)
    where modality = 'face' and score is not null
)
select * from long where value is not null;

-- The last score of every node.
create view latest_scores as
select * from evaluations
qualify row_number() over (partition by persona, node, modality order by evaluated desc, evaluation desc) = 1;

-- What was spent, by step.
create view cost_by_step as
select
    persona,
    split_part(node, '/', 2) as step,
    provider,
    model,
    count(*) as calls,
    sum(cost_usd) as cost_usd,
    count(*) filter (where paid and cost_usd is null) as calls_of_unknown_cost
from actions
group by all;
