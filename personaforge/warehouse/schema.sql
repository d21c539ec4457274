-- The warehouse, version 8. Every row comes from an immutable record in .forge/records; nothing is written here first, and
-- `forge warehouse rebuild` makes it all again. docs/warehouse.md is written from the comments below:
-- `forge warehouse schema --format markdown`. A change here takes another VERSION in projection.py; an older file is then
-- made again from the records, as after any change of the table of metrics (personaforge/metrics.py), which fills
-- the places in {braces} and the table `metrics`.
--
-- Times are UTC. NULL means that there is nothing to say: a score that is NULL was not measured, and is never a zero.
-- Tables have no keys or indexes: the log of records names each record once, and a batch is one transaction. An index
-- over 10 million digests would take more memory than all of the columns that a summary reads.

create table meta (
    name varchar,
    value varchar
);
comment on table meta is 'What the projection keeps about itself; of no use to queries.';
comment on column meta.name is 'version, epoch or seq.';
comment on column meta.value is 'Its value.';

create table metrics (
    metric varchar,
    modality varchar,
    unit varchar,
    low double,
    high double,
    better varchar,
    is_gate boolean,
    timeline varchar,
    label varchar,
    least_frames integer,
    source varchar,
    comparability varchar[],
    about varchar
);
comment on table metrics is 'What every number in `values` is: one row for each metric and modality, as forge declares them.';
comment on column metrics.metric is 'Its name.';
comment on column metrics.modality is 'Of what it is measured: face (a picture), video (a clip), text, or reading (what a vision model says of a picture).';
comment on column metrics.unit is 'Its unit; empty for a plain number or a share.';
comment on column metrics.low is 'Smallest possible value.';
comment on column metrics.high is 'Largest possible value; NULL where there is none.';
comment on column metrics.better is 'higher or lower; empty where neither is better.';
comment on column metrics.is_gate is 'Whether it is what a gate judges: `score` in `evaluations`.';
comment on column metrics.timeline is 'The modality under which `forge drift` shows it: face, video, text, quality, likeness, delivered or failures; empty where it has no timeline.';
comment on column metrics.label is 'What a timeline of it is called.';
comment on column metrics.least_frames is 'Frames with a face that a clip needs for a place in the timeline.';
comment on column metrics.source is 'Where the number lies in the evaluation''s record, or in the measurement.';
comment on column metrics.comparability is 'What must be equal for two values to be on one scale.';
comment on column metrics.about is 'What it is.';

create macro series_of(compared, metric, comparability, embedding_weight) as ('0x' || sha256(
    compared || '/' || metric || case
        when list_contains(comparability, 'weights') then '/' || coalesce(embedding_weight::varchar, 'unknown') else ''
    end
)[:16])::ubigint;

create table builds (
    build varchar,
    started timestamp,
    seconds double,
    git_commit varchar,
    git_authored timestamp,
    forge varchar,
    performed integer,
    cost_usd double,
    unknown_calls integer,
    interrupted boolean,
    personas varchar[],
    overrides varchar[]
);
comment on table builds is 'One row for each build that performed anything, written when it ended. `join builds using (build)` leaves out what a build has finished that is still running or was killed.';
comment on column builds.build is 'The build''s id.';
comment on column builds.started is 'When it began.';
comment on column builds.seconds is 'How long it took.';
comment on column builds.git_commit is 'The commit that was checked out; NULL outside a checkout.';
comment on column builds.git_authored is 'When that commit was written, as its author says; NULL where git could not say.';
comment on column builds.forge is 'Version of forge.';
comment on column builds.performed is 'Actions that were performed rather than found.';
comment on column builds.cost_usd is 'What the known costs come to, US dollars.';
comment on column builds.unknown_calls is 'Paid calls whose cost nobody could say.';
comment on column builds.interrupted is 'Whether somebody stopped it.';
comment on column builds.personas is 'Ids of the personas that it was asked for.';
comment on column builds.overrides is 'Hydra overrides of its command line.';

create table build_nodes (
    build varchar,
    node varchar,
    "end" varchar,
    status varchar,
    performed integer,
    found integer,
    cost_usd double,
    seconds double,
    error varchar
);
comment on table build_nodes is 'What became of every node of a build.';
comment on column build_nodes.build is 'The build''s id.';
comment on column build_nodes.node is 'The node in the project: sofia-reyes/image/07.';
comment on column build_nodes."end" is 'done, unchanged, restored, rejected, failed, skipped or stopped.';
comment on column build_nodes.status is 'accepted, flagged, unmeasured or rejected; NULL where it has no outcome.';
comment on column build_nodes.performed is 'Actions of this node that were performed.';
comment on column build_nodes.found is 'Actions whose result was known.';
comment on column build_nodes.cost_usd is 'What its actions cost, US dollars.';
comment on column build_nodes.seconds is 'What its actions took, one after the other.';
comment on column build_nodes.error is 'Why it failed; NULL where it did not.';

create table events (
    build varchar,
    number integer,
    time timestamp,
    type varchar,
    persona varchar,
    node varchar,
    message varchar,
    progress integer,
    error varchar,
    result json
);
comment on table events is 'What a build said while it ran: the events of `forge build --events`, of builds that performed something.';
comment on column events.build is 'The build''s id. A build without a row in `builds` was killed, or is still running.';
comment on column events.number is 'Position in the build''s stream, from 0.';
comment on column events.time is 'When it happened.';
comment on column events.type is 'build_started, node_finished, action_finished, persona_image_complete, ...';
comment on column events.persona is 'Id of the persona; NULL where it is about none.';
comment on column events.node is 'The node in the project; NULL where it is about none.';
comment on column events.message is 'What it says to people.';
comment on column events.progress is 'Percent of the persona''s images.';
comment on column events.error is 'What went wrong.';
comment on column events.result is 'What it says to programs.';

create table actions (
    record varchar,
    key varchar,
    kind varchar,
    provider varchar,
    provider_version varchar,
    model varchar,
    persona varchar,
    node varchar,
    build varchar,
    take integer,
    attempt integer,
    started timestamp,
    seconds double,
    paid boolean,
    cost_usd double,
    reserved_usd double
);
comment on table actions is 'One row for each cached call: a completion, a drawn candidate, a measurement.';
comment on column actions.record is 'Name of its record: the key, with ~n where the result had to be made again.';
comment on column actions.key is 'The action key: the digest over its key parts.';
comment on column actions.kind is 'complete, draw, film, speak, measure, measure_clip, score_photo, finish, repair, sheet, anchor or acknowledge.';
comment on column actions.provider is 'Who performed it.';
comment on column actions.provider_version is 'Version of the code that shaped the bytes.';
comment on column actions.model is 'The model that answered, or else was asked.';
comment on column actions.persona is 'Id of the persona.';
comment on column actions.node is 'The node in the project: sofia-reyes/image/07.';
comment on column actions.build is 'The build that performed it; NULL in records by forge 0.1.0 and for what `forge jobs resume` took up.';
comment on column actions.take is 'How often the user had asked for another result.';
comment on column actions.attempt is 'Number within the node''s retry loop, from 0.';
comment on column actions.started is 'When it began; NULL where the record doesn''t say, as of what `forge eval` measured with older versions.';
comment on column actions.seconds is 'How long it took; NULL where `started` is.';
comment on column actions.paid is 'Whether its provider charges.';
comment on column actions.cost_usd is 'What it cost, US dollars; NULL where nobody could say.';
comment on column actions.reserved_usd is 'What a paid call was expected to cost, US dollars.';

create table key_parts (
    record varchar,
    part varchar,
    name varchar,
    digest varchar,
    value varchar,
    in_key boolean
);
comment on table key_parts is 'What an action''s result depends on, part by part, with the digest of each: one row for each action, part and name. Two actions differ where a digest does.';
comment on column key_parts.record is 'The action''s record.';
comment on column key_parts.part is 'provider, model, prompt, request (its other fields), pack, analyzer, input, template, setting or need.';
comment on column key_parts.name is 'Which one: a field, an input, a template, the path of a setting, a need; empty where a part has no names.';
comment on column key_parts.digest is 'Of an artifact, a template or a face pack its content digest; else over the canonical JSON of the value.';
comment on column key_parts.value is 'The value where it has at most 200 characters, text as it is and all else as JSON; NULL for longer ones.';
comment on column key_parts.in_key is 'Whether the action key covers it. Templates, settings and needs shape the request and reach the key through it.';

create table artifacts (
    digest varchar,
    media_type varchar,
    size bigint,
    name varchar,
    record varchar
);
comment on table artifacts is 'What actions made: one row for each output.';
comment on column artifacts.digest is 'SHA-256 of its bytes, its name in the store.';
comment on column artifacts.media_type is 'What it is: image/png, video/webm, ...';
comment on column artifacts.size is 'Bytes.';
comment on column artifacts.name is 'The output''s name: image, clip, reply, ...';
comment on column artifacts.record is 'The action that made it.';

create table measurements (
    record varchar,
    artifact varchar,
    modality varchar,
    status varchar,
    reason varchar,
    faces integer,
    detection double,
    yaw double,
    pitch double,
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
comment on table measurements is 'One row for each picture or clip that was measured, as an action of its own; what was judged is in `evaluations`.';
comment on column measurements.record is 'The action''s record.';
comment on column measurements.artifact is 'Digest of what was measured.';
comment on column measurements.modality is 'face or video.';
comment on column measurements.status is 'measured, no_face or unreadable.';
comment on column measurements.reason is 'Why it could not be measured; empty where it was.';
comment on column measurements.faces is 'Faces that were found; NULL where none was looked for, and for clips.';
comment on column measurements.detection is 'The detector''s confidence in the largest face, [0, 1].';
comment on column measurements.yaw is 'Degrees, > 0 to the viewer''s right.';
comment on column measurements.pitch is 'Degrees, > 0 upwards.';
comment on column measurements.roll is 'Degrees, > 0 clockwise for the viewer.';
comment on column measurements.sharpness is 'Variance of the Laplacian on the face; see personaforge/faces/quality.py.';
comment on column measurements.width is 'Pixels.';
comment on column measurements.height is 'Pixels.';
comment on column measurements.backend is 'The library that measured; NULL where nothing could.';
comment on column measurements.backend_version is 'Its version, and those of the libraries that its numbers depend on.';
comment on column measurements.pack is 'The face pack.';
comment on column measurements.pack_digest is 'Digest over the pack''s files.';
comment on column measurements.detector_size is 'Edge of the detector''s input, pixels, or auto.';
comment on column measurements.measured is 'When; NULL where the record doesn''t say, as of what `forge eval` measured with older versions.';

create table embeddings (
    record varchar,
    artifact varchar,
    frame integer,
    pack_digest varchar,
    dimensions integer,
    norm double,
    embedding float[512]
);
comment on table embeddings is 'The embedding of every measured face: of pictures, and of the sampled frames of clips.';
comment on column embeddings.record is 'The measurement.';
comment on column embeddings.artifact is 'Digest of the picture or clip.';
comment on column embeddings.frame is 'Number of the frame from 0; NULL for pictures.';
comment on column embeddings.pack_digest is 'Digest of the pack; embeddings of different packs don''t compare.';
comment on column embeddings.dimensions is 'Length of the embedding.';
comment on column embeddings.norm is 'Its L2 norm before normalising; NULL where the analyzer doesn''t say.';
comment on column embeddings.embedding is 'L2 norm 1, so array_inner_product is the cosine; NULL where a pack gives another length.';

create table landmark_ratios (
    record varchar,
    artifact varchar,
    frame integer,
    landmarks varchar,
    name varchar,
    value double
);
comment on table landmark_ratios is 'Facial ratios from landmarks, each a distance over the distance between the eyes.';
comment on column landmark_ratios.record is 'The measurement.';
comment on column landmark_ratios.artifact is 'Digest of the picture or clip.';
comment on column landmark_ratios.frame is 'Number of the frame from 0; NULL for pictures.';
comment on column landmark_ratios.landmarks is '106, mesh (468 points) or 5: the points that they came from.';
comment on column landmark_ratios.name is 'eye_height, jaw_width, ...';
comment on column landmark_ratios.value is 'The ratio, without unit.';

create table video_frames (
    record varchar,
    artifact varchar,
    frame integer,
    second double,
    status varchar,
    reason varchar,
    faces integer,
    detection double,
    yaw double,
    pitch double,
    roll double,
    sharpness double,
    bhattacharyya double,
    chi_squared double,
    correlation double
);
comment on table video_frames is 'The sampled frames of every measured clip.';
comment on column video_frames.record is 'The measurement.';
comment on column video_frames.artifact is 'Digest of the clip.';
comment on column video_frames.frame is 'Number of the frame from 0.';
comment on column video_frames.second is 'Its place in the clip, seconds; NULL where the file names no frame rate.';
comment on column video_frames.status is 'measured or no_face.';
comment on column video_frames.reason is 'Why it could not be measured; empty where it was.';
comment on column video_frames.faces is 'Faces that were found.';
comment on column video_frames.detection is 'The detector''s confidence in the largest face, [0, 1].';
comment on column video_frames.yaw is 'Degrees, > 0 to the viewer''s right.';
comment on column video_frames.pitch is 'Degrees, > 0 upwards.';
comment on column video_frames.roll is 'Degrees, > 0 clockwise for the viewer.';
comment on column video_frames.sharpness is 'As in `measurements`.';
comment on column video_frames.bhattacharyya is 'Histogram distance to the sampled frame before, [0, 1]; NULL for the first, as in the next two.';
comment on column video_frames.chi_squared is 'Histogram distance to the sampled frame before.';
comment on column video_frames.correlation is '1 - correlation of the histograms.';

create table photos (
    record varchar,
    artifact varchar,
    status varchar,
    reason varchar,
    format varchar,
    bytes bigint,
    width integer,
    height integer,
    hash varchar,
    blur double,
    sharpness double,
    mean_luma double,
    faces integer,
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
    backend varchar,
    backend_version varchar,
    pack varchar,
    pack_digest varchar,
    detector_size varchar,
    measured timestamp
);
comment on table photos is 'Raw measurements of photographs; `forge photos score` judges them anew each time.';
comment on column photos.record is 'The action''s record.';
comment on column photos.artifact is 'The file''s digest; neither its path nor its pixels are kept.';
comment on column photos.status is 'measured or unreadable.';
comment on column photos.reason is 'Why it could not be read.';
comment on column photos.format is 'The file''s format.';
comment on column photos.bytes is 'The file''s size.';
comment on column photos.width is 'Pixels.';
comment on column photos.height is 'Pixels.';
comment on column photos.hash is '64 bits in hex: bit_count(xor(...)) of two tells how alike the pictures are.';
comment on column photos.blur is 'Of the whole picture, [0, 1].';
comment on column photos.sharpness is 'Of the whole picture, variance of the Laplacian.';
comment on column photos.mean_luma is 'Mean luma of the whole picture.';
comment on column photos.faces is 'Faces that were found; NULL where nothing could look for them.';
comment on column photos.face_pixels is 'Size of the largest face, pixels.';
comment on column photos.face_share is 'Its share of the picture.';
comment on column photos.face_beyond is 'Its share beyond the picture''s edge.';
comment on column photos.face_others is 'Size of the next largest face relative to it.';
comment on column photos.detection is 'The detector''s confidence, [0, 1].';
comment on column photos.landmark_gap is 'Disagreement of two sets of landmarks; see personaforge/faces/photo.py.';
comment on column photos.embedding_norm is 'L2 norm of the embedding before normalising.';
comment on column photos.yaw is 'Degrees, > 0 to the viewer''s right.';
comment on column photos.face_blur is 'Of the face, [0, 1].';
comment on column photos.face_sharpness is 'Of the face, variance of the Laplacian.';
comment on column photos.face_mean_luma is 'Mean luma of the face.';
comment on column photos.unevenness is 'Of the light on the face.';
comment on column photos.backend is 'NULL with faces: no face pack was there.';
comment on column photos.backend_version is 'Its version, and those of the libraries that its numbers depend on.';
comment on column photos.pack is 'The face pack.';
comment on column photos.pack_digest is 'Digest over the pack''s files.';
comment on column photos.detector_size is 'Edge of the detector''s input, pixels, or auto.';
comment on column photos.measured is 'When.';

create table judgements (
    evaluation varchar,
    evaluated timestamp,
    build varchar,
    persona varchar,
    node varchar,
    step varchar,
    slot varchar,
    modality varchar,
    take integer,
    attempt integer,
    decision varchar,
    measured boolean,
    error_bound double,
    reference varchar,
    frames_measured integer,
    unmeasured varchar,
    out_of_domain boolean,
    reason varchar,
    artifact varchar,
    anchor varchar,
    reference_set varchar[],
    model varchar,
    provider varchar,
    label varchar,
    backend varchar,
    pack varchar,
    pack_digest varchar,
    backend_version varchar,
    detector_size varchar,
    accept_threshold double,
    retry_threshold double,
    embedding_weight double,
    compared ubigint
);
comment on table judgements is 'One row for each judgement of an attempt, or of a picture that `forge eval --record` measured, without its numbers: those are in `values`. Judging again after a setting changed adds a row.';
comment on column judgements.evaluation is 'Name of its record.';
comment on column judgements.evaluated is 'When it was judged first.';
comment on column judgements.build is 'The build that judged it; NULL for forge eval.';
comment on column judgements.persona is 'Id of the persona.';
comment on column judgements.node is 'The node within the persona: image/07; empty for forge eval.';
comment on column judgements.step is 'The step; eval for forge eval.';
comment on column judgements.slot is 'The slot within the step; the file''s name for forge eval.';
comment on column judgements.modality is 'face, video, text or reading.';
comment on column judgements.take is 'How often the user had asked for another result.';
comment on column judgements.attempt is 'Number within the node''s retry loop, from 0.';
comment on column judgements.decision is 'ACCEPT, RETRY or REJECT.';
comment on column judgements.measured is 'Whether there is a score.';
comment on column judgements.error_bound is 'What strict mode allows for this size of face and turn of the head.';
comment on column judgements.reference is 'Which picture of the reference set the score is about; empty: the anchor alone.';
comment on column judgements.frames_measured is 'Of clips: frames with a face.';
comment on column judgements.unmeasured is 'Why it was not measured; NULL where it was.';
comment on column judgements.out_of_domain is 'The pack was not made for this picture, whether or not it has a score.';
comment on column judgements.reason is 'Why it was decided so.';
comment on column judgements.artifact is 'Digest of what was judged.';
comment on column judgements.anchor is 'Digest of the anchor; NULL for texts.';
comment on column judgements.reference_set is 'Digests of what else it was compared with.';
comment on column judgements.model is 'The model that made it.';
comment on column judgements.provider is 'The provider that made it.';
comment on column judgements.label is 'Who made it, where results carry a label: embedded.';
comment on column judgements.backend is 'The library that measured.';
comment on column judgements.pack is 'The face pack.';
comment on column judgements.pack_digest is 'Digest over the pack''s files.';
comment on column judgements.backend_version is 'Its version, and those of the libraries that its numbers depend on.';
comment on column judgements.detector_size is 'Edge of the detector''s input, pixels, or auto.';
comment on column judgements.accept_threshold is 'Accepted from here on.';
comment on column judgements.retry_threshold is 'Tried again from here on.';
comment on column judgements.embedding_weight is 'The cosine''s weight in the composite, [0, 1]; 1 - error has the rest. NULL: a text, or an older record whose numbers don''t tell.';
comment on column judgements.compared is 'What it may be compared with: 64 bits of a digest over persona, modality, measurer, anchor and reference set. A series is this and a metric, of composites also the weights.';

create table values (
    persona varchar,
    evaluation varchar,
    metric varchar,
    value double
);
comment on table values is 'Every number of every judgement: one row for each that was measured, also where several metrics are of no timeline. What each is stands in `metrics`.';
comment on column values.persona is 'Id of the persona.';
comment on column values.evaluation is 'The judgement.';
comment on column values.metric is 'Its name in `metrics`.';
comment on column values.value is 'The number; never NULL.';

create table measured_values (
    artifact varchar,
    metric varchar,
    value double,
    version integer,
    backend varchar,
    pack_digest varchar,
    backend_version varchar,
    detector_size varchar
);
comment on table measured_values is 'Numbers that lie in a measurement and not in a judgement, whoever asked for them. `values` has those of what was judged.';
comment on column measured_values.artifact is 'Digest of what was measured.';
comment on column measured_values.metric is 'Its name in `metrics`.';
comment on column measured_values.value is 'The number; never NULL.';
comment on column measured_values.version is 'Version of the part of measuring that it comes from; of several the highest counts.';
comment on column measured_values.backend is 'The library that measured.';
comment on column measured_values.pack_digest is 'Digest over the pack''s files.';
comment on column measured_values.backend_version is 'Its version, and those of the libraries that its numbers depend on.';
comment on column measured_values.detector_size is 'Edge of the detector''s input, pixels, or auto.';

create table quality (
    evaluation varchar,
    persona varchar,
    node varchar,
    artifact varchar,
    evaluated timestamp,
    frames_total integer,
    frames_measured integer,
    worst_frame integer,
    composite_std double,
    cosine_min double,
    ratio_variance_max double,
    sharpness_ratio double,
    histogram_distance double,
    identity_stable boolean,
    degradation varchar,
    recommendation varchar,
    advice varchar
);
comment on table quality is 'Quality of every judged clip, and what to do about it. Of pictures the sharpness is measured: `scores` has it.';
comment on column quality.evaluation is 'The judgement.';
comment on column quality.persona is 'Id of the persona.';
comment on column quality.node is 'The node within the persona.';
comment on column quality.artifact is 'Digest of the clip.';
comment on column quality.evaluated is 'When.';
comment on column quality.frames_total is 'Frames that were sampled.';
comment on column quality.frames_measured is 'Of them, with a face.';
comment on column quality.worst_frame is 'Number of the frame with the lowest composite.';
comment on column quality.composite_std is 'Standard deviation of the frames'' composites.';
comment on column quality.cosine_min is 'Lowest cosine of a frame.';
comment on column quality.ratio_variance_max is 'Largest variance of a facial ratio over the frames.';
comment on column quality.sharpness_ratio is 'Mean sharpness over the anchor''s.';
comment on column quality.histogram_distance is 'Largest histogram distance between neighbouring frames.';
comment on column quality.identity_stable is 'Whether the identity holds over the frames.';
comment on column quality.degradation is 'none, textural, ...: what kind of loss it is.';
comment on column quality.recommendation is 'no_action, sharpen, ...: what post-processing would help.';
comment on column quality.advice is 'The same for people.';

create table audits (
    evaluation varchar,
    persona varchar,
    node varchar,
    take integer,
    attempt integer,
    evaluated timestamp,
    model varchar,
    dimension varchar,
    score double,
    not_judged varchar,
    threshold double
);
comment on table audits is 'What the auditor gave, dimension by dimension; their mean is the evaluation''s score.';
comment on column audits.evaluation is 'The judgement.';
comment on column audits.persona is 'Id of the persona.';
comment on column audits.node is 'The node within the persona.';
comment on column audits.take is 'How often the user had asked for another result.';
comment on column audits.attempt is 'Number within the node''s retry loop, from 0.';
comment on column audits.evaluated is 'When.';
comment on column audits.model is 'The model that read.';
comment on column audits.dimension is 'coherence, depth, realism, ...';
comment on column audits.score is '1 to 5; null where the auditor could not judge.';
comment on column audits.not_judged is 'Why there is no score; null where there is one.';
comment on column audits.threshold is 'What the mean has to reach.';

create table series (
    series ubigint,
    persona varchar,
    modality varchar,
    metric varchar,
    measured_by varchar,
    backend varchar,
    backend_version varchar,
    pack_digest varchar,
    detector_size varchar,
    anchor varchar,
    reference_set varchar[],
    embedding_weight double
);
comment on table series is 'What may be compared: one metric of one persona, by one measurer, against one anchor and reference set; composites under one pair of weights.';
comment on column series.series is 'A number that is the same in every warehouse: 64 bits of a digest over `evaluations.compared` of its judgements and the metric, of composites also the weights.';
comment on column series.persona is 'Id of the persona.';
comment on column series.modality is 'face, video, text, quality, likeness, delivered or failures.';
comment on column series.metric is '{metrics}.';
comment on column series.measured_by is 'The face pack, or the model that read; empty where records name neither.';
comment on column series.backend is 'The library that measured; NULL where nothing could.';
comment on column series.backend_version is 'Its version, and those of the libraries that its numbers depend on.';
comment on column series.pack_digest is 'Digest over the pack''s files.';
comment on column series.detector_size is 'Edge of the detector''s input, pixels, or auto.';
comment on column series.anchor is 'Digest of the anchor; NULL for texts.';
comment on column series.reference_set is 'Digests of what else it was compared with.';
comment on column series.embedding_weight is 'The cosine''s weight in a composite, [0, 1]; NULL for what has no weights, and where they aren''t known.';

create table scores (
    persona varchar,
    series ubigint,
    modality varchar,
    metric varchar,
    value double,
    evaluated timestamp,
    build varchar,
    node varchar,
    step varchar,
    slot varchar,
    take integer,
    attempt integer,
    decision varchar,
    cosine double,
    error double,
    model varchar,
    provider varchar,
    label varchar,
    counted boolean,
    artifact varchar,
    evaluation varchar
);
comment on table scores is 'One row for each metric of each judgement that measured something: what timelines and drift are made of. Derived from `judgements` and `values` by refresh.sql.';
comment on column scores.persona is 'Id of the persona.';
comment on column scores.series is 'What it may be compared with.';
comment on column scores.modality is 'face, video, text, quality, likeness or delivered.';
comment on column scores.metric is '{metrics}.';
comment on column scores.value is 'The metric''s value; never NULL.';
comment on column scores.evaluated is 'When it was judged.';
comment on column scores.build is 'The build that judged it; NULL for forge eval.';
comment on column scores.node is 'The node within the persona: image/07; empty for forge eval.';
comment on column scores.step is 'The step; eval for forge eval.';
comment on column scores.slot is 'The slot within the step.';
comment on column scores.take is 'How often the user had asked for another result.';
comment on column scores.attempt is 'Number within the node''s retry loop, from 0.';
comment on column scores.decision is 'ACCEPT, RETRY or REJECT.';
comment on column scores.cosine is 'Of the same judgement.';
comment on column scores.error is 'Of the same judgement.';
comment on column scores.model is 'The model that made it.';
comment on column scores.provider is 'The provider that made it.';
comment on column scores.label is 'Who made it, where results carry a label.';
comment on column scores.counted is 'Whether it is evidence: the artifact''s first judgement by this measurer against this anchor and reference set. Judging again is none, also under other weights, and neither is what was made from another artifact of its node (finished pictures, repaired clips).';
comment on column scores.artifact is 'Digest of what was judged.';
comment on column scores.evaluation is 'The judgement.';

create table failures (
    persona varchar,
    series ubigint,
    modality varchar,
    metric varchar,
    value double,
    evaluated timestamp,
    build varchar,
    node varchar,
    step varchar,
    slot varchar,
    take integer,
    attempt integer,
    decision varchar,
    cosine double,
    error double,
    model varchar,
    provider varchar,
    label varchar,
    counted boolean,
    artifact varchar,
    evaluation varchar
);
comment on table failures is 'One row for each judgement that says whether what was judged failed: 1 where nothing could be measured for a fault of its own, 0 where there is a score. With `scores`, what `forge drift` judges. Derived from `judgements` and `values` by refresh.sql.';
comment on column failures.persona is 'Id of the persona.';
comment on column failures.series is 'What it may be compared with.';
comment on column failures.modality is 'failures.';
comment on column failures.metric is 'failed, or clip_failed of clips.';
comment on column failures.value is '1 or 0; never NULL.';
comment on column failures.evaluated is 'When it was judged.';
comment on column failures.build is 'The build that judged it; NULL for forge eval.';
comment on column failures.node is 'The node within the persona: image/07; empty for forge eval.';
comment on column failures.step is 'The step; eval for forge eval.';
comment on column failures.slot is 'The slot within the step.';
comment on column failures.take is 'How often the user had asked for another result.';
comment on column failures.attempt is 'Number within the node''s retry loop, from 0.';
comment on column failures.decision is 'ACCEPT, RETRY or REJECT.';
comment on column failures.cosine is 'Of the same judgement.';
comment on column failures.error is 'Of the same judgement.';
comment on column failures.model is 'The model that made it.';
comment on column failures.provider is 'The provider that made it.';
comment on column failures.label is 'Who made it, where results carry a label.';
comment on column failures.counted is 'Whether it is evidence: the artifact''s first judgement by this measurer against this anchor and reference set. Judging again is none, also under other weights, and neither is what was made from another artifact of its node (finished pictures, repaired clips).';
comment on column failures.artifact is 'Digest of what was judged.';
comment on column failures.evaluation is 'The judgement.';

create view evaluations as
with numbers as (
    select
        persona, evaluation,
        max(value) filter (where metric in ({gates})) as score,
        {pivot}
    from values group by persona, evaluation
)
select
    judgements.evaluation, judgements.evaluated, judgements.build, judgements.persona, judgements.node,
    judgements.step, judgements.slot, judgements.modality, judgements.take, judgements.attempt, judgements.decision,
    judgements.measured, numbers.score,
    {columns},
    judgements.error_bound, judgements.reference, judgements.frames_measured, judgements.unmeasured,
    judgements.out_of_domain, judgements.reason, judgements.artifact, judgements.anchor, judgements.reference_set,
    judgements.model, judgements.provider, judgements.label, judgements.backend, judgements.pack,
    judgements.pack_digest, judgements.backend_version, judgements.detector_size, judgements.accept_threshold,
    judgements.retry_threshold, judgements.embedding_weight, judgements.compared
from judgements left join numbers using (persona, evaluation);
comment on view evaluations is 'One row for each judgement of an attempt, or of a picture that `forge eval --record` measured, with its numbers. Judging again after a setting changed adds a row.';
comment on column evaluations.evaluation is 'Name of its record.';
comment on column evaluations.evaluated is 'When it was judged first.';
comment on column evaluations.build is 'The build that judged it; NULL for forge eval.';
comment on column evaluations.persona is 'Id of the persona.';
comment on column evaluations.node is 'The node within the persona: image/07; empty for forge eval.';
comment on column evaluations.step is 'The step; eval for forge eval.';
comment on column evaluations.slot is 'The slot within the step; the file''s name for forge eval.';
comment on column evaluations.modality is 'face, video, text or reading.';
comment on column evaluations.take is 'How often the user had asked for another result.';
comment on column evaluations.attempt is 'Number within the node''s retry loop, from 0.';
comment on column evaluations.decision is 'ACCEPT, RETRY or REJECT.';
comment on column evaluations.measured is 'Whether there is a score.';
comment on column evaluations.score is 'Composite of faces and clips, mean audit score of texts; NULL: not measured.';
{comments of evaluations}
comment on column evaluations.error_bound is 'What strict mode allows for this size of face and turn of the head.';
comment on column evaluations.reference is 'Which picture of the reference set the score is about; empty: the anchor alone.';
comment on column evaluations.frames_measured is 'Of clips: frames with a face.';
comment on column evaluations.unmeasured is 'Why it was not measured; NULL where it was.';
comment on column evaluations.out_of_domain is 'The pack was not made for this picture, whether or not it has a score.';
comment on column evaluations.reason is 'Why it was decided so.';
comment on column evaluations.artifact is 'Digest of what was judged.';
comment on column evaluations.anchor is 'Digest of the anchor; NULL for texts.';
comment on column evaluations.reference_set is 'Digests of what else it was compared with.';
comment on column evaluations.model is 'The model that made it.';
comment on column evaluations.provider is 'The provider that made it.';
comment on column evaluations.label is 'Who made it, where results carry a label: embedded.';
comment on column evaluations.backend is 'The library that measured.';
comment on column evaluations.pack is 'The face pack.';
comment on column evaluations.pack_digest is 'Digest over the pack''s files.';
comment on column evaluations.backend_version is 'Its version, and those of the libraries that its numbers depend on.';
comment on column evaluations.detector_size is 'Edge of the detector''s input, pixels, or auto.';
comment on column evaluations.accept_threshold is 'Accepted from here on.';
comment on column evaluations.retry_threshold is 'Tried again from here on.';
comment on column evaluations.embedding_weight is 'The cosine''s weight in the composite, [0, 1]; 1 - error has the rest. NULL: a text, or an older record whose numbers don''t tell.';
comment on column evaluations.compared is 'What it may be compared with: 64 bits of a digest over persona, modality, measurer, anchor and reference set. A series is this and a metric, of composites also the weights.';

create view timeline as
select
    scores.persona, scores.modality, scores.metric,
    row_number() over timeline as number,
    scores.evaluated, scores.value,
    scores.value - avg(scores.value) over (
        partition by scores.persona, scores.series, scores.step, scores.slot
    ) as residual,
    scores.node, scores.step, scores.slot, scores.take, scores.attempt, scores.decision, scores.cosine, scores.error,
    scores.build, builds.git_commit, builds.git_authored, scores.provider, scores.model,
    series.measured_by, series.pack_digest, series.detector_size, series.backend_version, series.anchor,
    series.embedding_weight, scores.artifact, scores.evaluation, scores.series
from scores join series using (series) left join builds on builds.build = scores.build
where scores.counted
window timeline as (partition by scores.persona, scores.series order by scores.evaluated, scores.evaluation)
order by scores.persona, scores.modality, scores.metric, scores.series, number;
comment on view timeline is 'What was measured of a persona over time, in order, metric by metric: counted scores with their place in their series, and the commit they were built from.';
comment on column timeline.persona is 'Id of the persona.';
comment on column timeline.modality is 'face, video, text, quality, likeness or delivered.';
comment on column timeline.metric is '{metrics}.';
comment on column timeline.number is 'Place in its series, from 1.';
comment on column timeline.evaluated is 'When it was judged.';
comment on column timeline.value is 'The metric''s value; never NULL.';
comment on column timeline.residual is 'The value less the mean of its slot in this series: slots differ by construction.';
comment on column timeline.node is 'The node within the persona: image/07; empty for forge eval.';
comment on column timeline.step is 'The step; eval for forge eval.';
comment on column timeline.slot is 'The slot within the step.';
comment on column timeline.take is 'How often the user had asked for another result.';
comment on column timeline.attempt is 'Number within the node''s retry loop, from 0.';
comment on column timeline.decision is 'ACCEPT, RETRY or REJECT.';
comment on column timeline.cosine is 'Of the same judgement.';
comment on column timeline.error is 'Of the same judgement.';
comment on column timeline.build is 'The build that judged it; NULL for forge eval.';
comment on column timeline.git_commit is 'The build''s commit.';
comment on column timeline.git_authored is 'When that commit was written.';
comment on column timeline.provider is 'The provider that made it.';
comment on column timeline.model is 'The model that made it.';
comment on column timeline.measured_by is 'The face pack, or the model that read; empty where records name neither.';
comment on column timeline.pack_digest is 'Digest over the pack''s files.';
comment on column timeline.detector_size is 'Edge of the detector''s input, pixels, or auto.';
comment on column timeline.backend_version is 'Its version, and those of the libraries that its numbers depend on.';
comment on column timeline.anchor is 'Digest of the anchor; NULL for texts.';
comment on column timeline.embedding_weight is 'The cosine''s weight in a composite, [0, 1]; NULL for what has no weights, and where they aren''t known.';
comment on column timeline.artifact is 'Digest of what was judged.';
comment on column timeline.evaluation is 'The judgement.';
comment on column timeline.series is 'What it may be compared with.';

create view drift_records as
select
    scores.metric, scores.value, scores.modality as about,
    metrics.modality,
    scores.persona, scores.evaluation, scores.evaluated, scores.build, scores.node, scores.step, scores.slot,
    scores.take, scores.attempt, scores.decision, scores.cosine, scores.error, scores.model, scores.provider,
    scores.label, scores.artifact, series.anchor, series.reference_set, series.backend, nullif(series.measured_by, '') as pack,
    series.pack_digest, series.backend_version, series.detector_size, scores.series
from (from scores union all from failures) as scores join series using (series)
    join metrics on metrics.metric = scores.metric and metrics.timeline = scores.modality
where scores.counted;
comment on view drift_records is 'What `forge drift` judges: the counted scores and failures with who measured them. `about` is the metric''s modality, `modality` what was judged.';
comment on column drift_records.metric is '{metrics}; of failures failed or clip_failed.';
comment on column drift_records.value is 'The metric''s value; never NULL.';
comment on column drift_records.about is 'face, video, text, quality, likeness, delivered or failures.';
comment on column drift_records.modality is 'face, video, text or reading.';
comment on column drift_records.persona is 'Id of the persona.';
comment on column drift_records.evaluation is 'The judgement.';
comment on column drift_records.evaluated is 'When it was judged.';
comment on column drift_records.build is 'The build that judged it; NULL for forge eval.';
comment on column drift_records.node is 'The node within the persona: image/07; empty for forge eval.';
comment on column drift_records.step is 'The step; eval for forge eval.';
comment on column drift_records.slot is 'The slot within the step.';
comment on column drift_records.take is 'How often the user had asked for another result.';
comment on column drift_records.attempt is 'Number within the node''s retry loop, from 0.';
comment on column drift_records.decision is 'ACCEPT, RETRY or REJECT.';
comment on column drift_records.cosine is 'Of the same judgement.';
comment on column drift_records.error is 'Of the same judgement.';
comment on column drift_records.model is 'The model that made it.';
comment on column drift_records.provider is 'The provider that made it.';
comment on column drift_records.label is 'Who made it, where results carry a label.';
comment on column drift_records.artifact is 'Digest of what was judged.';
comment on column drift_records.anchor is 'Digest of the anchor; NULL for texts.';
comment on column drift_records.reference_set is 'Digests of what else it was compared with.';
comment on column drift_records.backend is 'The library that measured; NULL where nothing could.';
comment on column drift_records.pack is 'The face pack, or the model that read.';
comment on column drift_records.pack_digest is 'Digest over the pack''s files.';
comment on column drift_records.backend_version is 'Its version, and those of the libraries that its numbers depend on.';
comment on column drift_records.detector_size is 'Edge of the detector''s input, pixels, or auto.';
comment on column drift_records.series is 'What it may be compared with.';

create view drift_summary as
with places as (
    select
        series, step, slot, count(*) as records, sum(value) as total, avg(value) as mean, min(value) as low,
        max(value) as high, min(evaluated) as since, max(evaluated) as until,
        covar_pop(value, epoch(evaluated) / 86400) * count(*) as moved,
        var_pop(epoch(evaluated) / 86400) * count(*) as days,
        var_pop(value) * count(*) as spread
    from scores where counted group by series, step, slot
),
whole as (
    select
        series, sum(records)::bigint as records, count(*) as slots, min(since) as since, max(until) as until,
        sum(total) / sum(records) as mean, min(low) as min, max(high) as max,
        sqrt(sum(spread) / nullif(sum(records) - count(*), 0)) as std,
        sum(moved) / nullif(sum(days), 0) * (epoch(max(until)) - epoch(min(since))) / 86400 as change
    from places group by series
),
newest as (
    select series, list_min(max(evaluated, 20)) as beginning from scores where counted group by series
),
recent as (
    select series, avg(value - mean) as shift
    from scores join newest using (series) join places using (series, step, slot)
    where counted and evaluated >= beginning group by series
)
select
    persona, modality, metric, measured_by,
    row_number() over (partition by persona, modality, metric order by until desc, series) = 1 as current,
    records, slots, since, until, mean, std, min, max, shift as recent_shift, shift / nullif(std, 0) as recent_shift_std,
    change, detector_size, backend_version, pack_digest, anchor, reference_set, embedding_weight, series
from whole join series using (series) left join recent using (series)
order by persona, modality, metric, until desc, series;
comment on view drift_summary is 'Every series at a glance, to find what `forge drift` should look at; it gives no verdict. Level and spread are taken within slots, so that walking through the slots is no trend.';
comment on column drift_summary.persona is 'Id of the persona.';
comment on column drift_summary.modality is 'face, video, text, quality, likeness or delivered.';
comment on column drift_summary.metric is '{metrics}.';
comment on column drift_summary.measured_by is 'The face pack, or the model that read; empty where records name neither.';
comment on column drift_summary.current is 'Whether nothing newer was measured of this metric by another measurer, against another anchor or under other weights.';
comment on column drift_summary.records is 'Counted scores.';
comment on column drift_summary.slots is 'Slots that they are of.';
comment on column drift_summary.since is 'The first of them.';
comment on column drift_summary.until is 'The last of them.';
comment on column drift_summary.mean is 'Mean of all values.';
comment on column drift_summary.std is 'Standard deviation within slots; NULL with a single value in each.';
comment on column drift_summary.min is 'Smallest value.';
comment on column drift_summary.max is 'Largest value.';
comment on column drift_summary.recent_shift is 'How far the newest 20 lie from the means of their own slots, on average.';
comment on column drift_summary.recent_shift_std is 'The same in standard deviations.';
comment on column drift_summary.change is 'How far the straight line within slots (least squares over time) moves from the first to the last; NULL where all were judged at once.';
comment on column drift_summary.detector_size is 'Edge of the detector''s input, pixels, or auto.';
comment on column drift_summary.backend_version is 'Its version, and those of the libraries that its numbers depend on.';
comment on column drift_summary.pack_digest is 'Digest over the pack''s files.';
comment on column drift_summary.anchor is 'Digest of the anchor; NULL for texts.';
comment on column drift_summary.reference_set is 'Digests of what else it was compared with.';
comment on column drift_summary.embedding_weight is 'The cosine''s weight in a composite, [0, 1]; NULL for what has no weights, and where they aren''t known.';
comment on column drift_summary.series is 'A number that is the same in every warehouse: 64 bits of a digest over `evaluations.compared` of its judgements and the metric, of composites also the weights.';

create view latest_scores as
select
    evaluations.* replace (case when gates.high = 1 then evaluations.score end as score),
    gates.metric, evaluations.score as value, gates.low, gates.high,
    case when gates.metric is not null then
        series_of(evaluations.compared, gates.metric, gates.comparability, evaluations.embedding_weight)
    end as series
from evaluations left join metrics as gates on gates.modality = evaluations.modality and gates.is_gate
qualify row_number() over (
    partition by evaluations.persona, evaluations.node, evaluations.modality
    order by evaluations.evaluated desc, evaluations.evaluation desc
) = 1;
comment on view latest_scores is 'The last judgement of every node and modality. `metric` names its number. Numbers of one `series` may be compared; others may not.';
comment on column latest_scores.evaluation is 'Name of its record.';
comment on column latest_scores.evaluated is 'When it was judged first.';
comment on column latest_scores.build is 'The build that judged it; NULL for forge eval.';
comment on column latest_scores.persona is 'Id of the persona.';
comment on column latest_scores.node is 'The node within the persona: image/07; empty for forge eval.';
comment on column latest_scores.step is 'The step; eval for forge eval.';
comment on column latest_scores.slot is 'The slot within the step; the file''s name for forge eval.';
comment on column latest_scores.modality is 'face, video, text or reading.';
comment on column latest_scores.take is 'How often the user had asked for another result.';
comment on column latest_scores.attempt is 'Number within the node''s retry loop, from 0.';
comment on column latest_scores.decision is 'ACCEPT, RETRY or REJECT.';
comment on column latest_scores.measured is 'Whether there is a score.';
comment on column latest_scores.score is 'Composite of faces and clips, [0, 1]; NULL: not measured, or a text, whose number is in `value`.';
{comments of latest_scores}
comment on column latest_scores.error_bound is 'What strict mode allows for this size of face and turn of the head.';
comment on column latest_scores.reference is 'Which picture of the reference set the score is about; empty: the anchor alone.';
comment on column latest_scores.frames_measured is 'Of clips: frames with a face.';
comment on column latest_scores.unmeasured is 'Why it was not measured; NULL where it was.';
comment on column latest_scores.out_of_domain is 'The pack was not made for this picture, whether or not it has a score.';
comment on column latest_scores.reason is 'Why it was decided so.';
comment on column latest_scores.artifact is 'Digest of what was judged.';
comment on column latest_scores.anchor is 'Digest of the anchor; NULL for texts.';
comment on column latest_scores.reference_set is 'Digests of what else it was compared with.';
comment on column latest_scores.model is 'The model that made it.';
comment on column latest_scores.provider is 'The provider that made it.';
comment on column latest_scores.label is 'Who made it, where results carry a label: embedded.';
comment on column latest_scores.backend is 'The library that measured.';
comment on column latest_scores.pack is 'The face pack.';
comment on column latest_scores.pack_digest is 'Digest over the pack''s files.';
comment on column latest_scores.backend_version is 'Its version, and those of the libraries that its numbers depend on.';
comment on column latest_scores.detector_size is 'Edge of the detector''s input, pixels, or auto.';
comment on column latest_scores.accept_threshold is 'Accepted from here on.';
comment on column latest_scores.retry_threshold is 'Tried again from here on.';
comment on column latest_scores.embedding_weight is 'The cosine''s weight in the composite, [0, 1]; 1 - error has the rest. NULL: a text, or an older record whose numbers don''t tell.';
comment on column latest_scores.compared is 'What it may be compared with: 64 bits of a digest over persona, modality, measurer, anchor and reference set. A series is this and a metric, of composites also the weights.';
comment on column latest_scores.metric is 'What its gate judges: composite of faces and clips, score of texts.';
comment on column latest_scores.value is 'The metric''s value; NULL: not measured.';
comment on column latest_scores.low is 'The metric''s smallest possible value.';
comment on column latest_scores.high is 'Its largest possible value.';
comment on column latest_scores.series is 'What it may be compared with: values of one series.';

create view attempts as
with makers as (
    select
        artifacts.digest as artifact, arg_min(record, started) as record, arg_min(seconds, started) as seconds,
        arg_min(cost_usd, started) as cost_usd, bool_or(kind in ('finish', 'repair')) as derived
    from artifacts join actions using (record)
    group by artifacts.digest
)
select
    persona, node, step, slot, modality, take, attempt, decision, evaluations.measured, score, unmeasured, reason, evaluated,
    build, provider, model, makers.record, makers.seconds, makers.cost_usd, artifact, evaluation
from evaluations left join makers using (artifact)
where node <> '' and modality is distinct from 'reading' and not coalesce(derived, false)
qualify row_number() over (
    partition by persona, node, modality, take, attempt, artifact order by evaluated desc, evaluation desc
) = 1;
comment on view attempts is 'One row for each candidate that was judged in a build, as it was judged last, with what making it took. Pictures of forge eval are no attempts, and neither is what a second reader says of a picture.';
comment on column attempts.persona is 'Id of the persona.';
comment on column attempts.node is 'The node within the persona: image/07; empty for forge eval.';
comment on column attempts.step is 'The step; eval for forge eval.';
comment on column attempts.slot is 'The slot within the step; the file''s name for forge eval.';
comment on column attempts.modality is 'face, video or text.';
comment on column attempts.take is 'How often the user had asked for another result.';
comment on column attempts.attempt is 'Number within the node''s retry loop, from 0.';
comment on column attempts.decision is 'ACCEPT, RETRY or REJECT.';
comment on column attempts.measured is 'Whether there is a score.';
comment on column attempts.score is 'Composite of faces and clips, mean audit score of texts; NULL: not measured.';
comment on column attempts.unmeasured is 'Why it was not measured; NULL where it was.';
comment on column attempts.reason is 'Why it was decided so.';
comment on column attempts.evaluated is 'When it was judged first.';
comment on column attempts.build is 'The build that judged it; NULL for forge eval.';
comment on column attempts.provider is 'The provider that made it.';
comment on column attempts.model is 'The model that made it.';
comment on column attempts.record is 'The action that made it; NULL where it is not on record here.';
comment on column attempts.seconds is 'How long making it took.';
comment on column attempts.cost_usd is 'What making it cost, US dollars; NULL where nobody could say.';
comment on column attempts.artifact is 'Digest of what was judged.';
comment on column attempts.evaluation is 'Name of its record.';

create view acceptance_rate as
select
    persona, step, modality, provider, model,
    count(*) as attempts,
    count(*) filter (where decision = 'ACCEPT') as accepted,
    count(*) filter (where decision = 'RETRY') as retried,
    count(*) filter (where decision = 'REJECT') as rejected,
    count(*) filter (where not coalesce(measured, false)) as unmeasured,
    count(*) filter (where decision = 'ACCEPT') / count(*) as acceptance_rate,
    count(*) filter (where decision = 'ACCEPT' and attempt = 0) / nullif(count(*) filter (where attempt = 0), 0)
        as first_attempt_rate,
    count(distinct node) as nodes,
    sum(cost_usd) as cost_usd
from attempts
group by persona, step, modality, provider, model
order by all;
comment on view acceptance_rate is 'How much of what was made passed its gate, by persona and step. What could not be measured counts as not accepted, unless the gate accepted it by the user''s word.';
comment on column acceptance_rate.persona is 'Id of the persona.';
comment on column acceptance_rate.step is 'The step; eval for forge eval.';
comment on column acceptance_rate.modality is 'face, video or text.';
comment on column acceptance_rate.provider is 'The provider that made it.';
comment on column acceptance_rate.model is 'The model that made it.';
comment on column acceptance_rate.attempts is 'Candidates that were judged.';
comment on column acceptance_rate.accepted is 'Of them, accepted.';
comment on column acceptance_rate.retried is 'Of them, below the gate with another attempt allowed.';
comment on column acceptance_rate.rejected is 'Of them, rejected.';
comment on column acceptance_rate.unmeasured is 'Of them, without a score.';
comment on column acceptance_rate.acceptance_rate is 'accepted / attempts, [0, 1].';
comment on column acceptance_rate.first_attempt_rate is 'The same of first attempts only.';
comment on column acceptance_rate.nodes is 'Nodes that they are of.';
comment on column acceptance_rate.cost_usd is 'What making them cost, as far as it is known, US dollars.';

create view costs as
select
    record, persona, split_part(node, '/', 2) as step, node, kind, provider, model, build, started,
    strftime(started, '%Y-%m') as month, cost_usd, reserved_usd
from actions where paid;
comment on view costs is 'One row for each paid call that has a result. Calls without one are in the journal: `forge cost` counts both.';
comment on column costs.record is 'Name of its record: the key, with ~n where the result had to be made again.';
comment on column costs.persona is 'Id of the persona.';
comment on column costs.step is 'The step.';
comment on column costs.node is 'The node in the project: sofia-reyes/image/07.';
comment on column costs.kind is 'complete, draw, film, speak, measure, measure_clip, score_photo, finish, repair, sheet, anchor or acknowledge.';
comment on column costs.provider is 'Who performed it.';
comment on column costs.model is 'The model that answered, or else was asked.';
comment on column costs.build is 'The build that performed it; NULL in records by forge 0.1.0 and for what `forge jobs resume` took up.';
comment on column costs.started is 'When it began.';
comment on column costs.month is 'Calendar month, UTC: 2026-11.';
comment on column costs.cost_usd is 'What it cost, US dollars; NULL where nobody could say.';
comment on column costs.reserved_usd is 'What a paid call was expected to cost, US dollars.';

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
group by all
order by persona, cost_usd desc nulls first, step, provider, model;
comment on view cost_by_step is 'What was spent, by persona, step, provider and model; calls that cost nothing are in it.';
comment on column cost_by_step.persona is 'Id of the persona.';
comment on column cost_by_step.step is 'The step.';
comment on column cost_by_step.provider is 'Who performed it.';
comment on column cost_by_step.model is 'The model that answered, or else was asked.';
comment on column cost_by_step.calls is 'Actions that were performed.';
comment on column cost_by_step.cost_usd is 'What the known costs come to, US dollars.';
comment on column cost_by_step.calls_of_unknown_cost is 'Paid calls whose cost nobody could say.';
