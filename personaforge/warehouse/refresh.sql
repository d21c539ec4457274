-- Derives `scores` and `series` anew for the subjects in `touched`: artifacts, or texts' evaluations, about which records
-- came. It reads tables alone, so what it comes to depends neither on the order of records nor on how they were batched.

delete from scores where coalesce(artifact, evaluation) in (select subject from touched);

create temporary table judged as
select
    persona, compared, modality, evaluated, build, node, step, slot, take, attempt, decision, cosine, error, model,
    provider, label, true as counted, artifact, evaluation, score, frames_measured, cosine_std, ratio_variance,
    clip_sharpness, flicker, backend, backend_version, pack, pack_digest, detector_size, anchor, reference_set
from evaluations
where coalesce(artifact, evaluation) in (select subject from touched) and score is not null
order by persona, evaluated;

-- An artifact's judgements after its first are no evidence, whether or not that one came to a score. Few have any.
update judged set counted = false
from (
    select evaluation, row_number() over (
        partition by compared, coalesce(artifact, evaluation) order by evaluated, evaluation
    ) as number
    from evaluations
    where coalesce(artifact, evaluation) in (
        select coalesce(artifact, evaluation) from evaluations
        where coalesce(artifact, evaluation) in (select subject from touched) group by all having count(*) > 1
    )
) as ranked
where ranked.number > 1 and ranked.evaluation = judged.evaluation;

-- What was made from another artifact of its node repeats that one's score.
update judged set counted = false
where artifact in (select digest from artifacts join actions using (record) where kind in ('finish', 'repair'));

create temporary table sharp as
select artifact, backend, pack_digest, backend_version, detector_size, min(sharpness) as sharpness
from measurements
where modality = 'face' and status = 'measured' and artifact in (select subject from touched) and sharpness is not null
group by all;

insert into scores
with long as (
    select 'composite' as metric, score as value, modality as about, compared as series, * from judged
    where modality in ('face', 'video')
    union all
    select 'score', score, modality, compared + 1, * from judged where modality = 'text'
    union all
    select 'sharpness', sharp.sharpness, 'quality', compared + 2, judged.*
    from judged join sharp using (artifact, backend, pack_digest, backend_version, detector_size)
    where modality = 'face'
    union all
    select 'cosine_std', cosine_std, modality, compared + 3, * from judged
    where modality = 'video' and frames_measured > 1 and cosine_std is not null
    union all
    select 'ratio_variance', ratio_variance, modality, compared + 4, * from judged
    where modality = 'video' and frames_measured > 1 and ratio_variance is not null
    union all
    select 'clip_sharpness', clip_sharpness, 'quality', compared + 5, * from judged
    where modality = 'video' and clip_sharpness is not null
    union all
    select 'flicker', flicker, 'quality', compared + 6, * from judged where modality = 'video' and flicker is not null
)
select persona, series, about, metric, value, evaluated, build, node, step, slot, take, attempt, decision, cosine, error,
    model, provider, label, counted, artifact, evaluation
from long;

insert into series
with found as (
    select series, min(persona) as persona, min(modality) as modality, min(metric) as metric
    from scores where series not in (select series from series) group by series
),
measured as (
    select
        compared, min(coalesce(pack, model, '')) as measured_by, min(backend) as backend,
        min(backend_version) as backend_version, min(pack_digest) as pack_digest, min(detector_size) as detector_size,
        min(anchor) as anchor, coalesce(any_value(reference_set), []) as reference_set
    from judged group by compared
)
select
    series, persona, modality, metric, measured_by, backend, backend_version, pack_digest, detector_size, anchor,
    reference_set
from found join measured on series - series % 8 = compared;

drop table sharp;
drop table judged;
drop table touched;
