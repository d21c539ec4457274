-- Derives `scores`, `failures` and `series` anew for the subjects in `touched`: artifacts, or texts' evaluations, about which records
-- came. It reads tables alone, so what it results in depends neither on the order of records nor on how they were
-- batched. Which numbers there are is in `metrics`: a further one changes nothing here.

delete from scores where coalesce(artifact, evaluation) in (select subject from touched);
delete from failures where coalesce(artifact, evaluation) in (select subject from touched);

create temporary table judged as
select *, true as counted, false as later from judgements where coalesce(artifact, evaluation) in (select subject from touched);

-- Numbers that lie in the measurement of what was judged, by the analyzer that the judgement names. The newest version
-- of measuring counts.
delete from values where (evaluation, metric) in (
    select evaluation, metric from judged join metrics using (modality) where starts_with(source, 'measurement.')
);

insert into values
with newest as (
    select * from measured_values where artifact in (select subject from touched)
    qualify version = max(version) over (
        partition by artifact, metric, backend, pack_digest, backend_version, detector_size
    )
)
select persona, evaluation, metric, min(newest.value)
from judged join newest using (artifact, backend, pack_digest, backend_version, detector_size)
    join metrics using (metric, modality)
where starts_with(metrics.source, 'measurement.')
group by persona, evaluation, metric;

-- What no gate's number was measured of is no evidence of anything else, but that it failed. A modality without a gate is
-- evidence of its own.
create temporary table numbers as
select * from values
where evaluation in (select evaluation from judged)
qualify bool_or(metric in (
    select metric from metrics
    where is_gate or modality not in (select modality from metrics where is_gate)
)) over (partition by evaluation)
    or metric in (select metric from metrics where source = 'failed');

-- An artifact's judgements after its first are no evidence, whether or not that one resulted in a score. Few have any.
update judged set counted = false, later = true
from (
    select evaluation, row_number() over (
        partition by compared, coalesce(artifact, evaluation) order by evaluated, evaluation
    ) as number
    from judged
) as ranked
where ranked.number > 1 and ranked.evaluation = judged.evaluation;

-- What was made from another artifact of its node repeats that one's score.
update judged set counted = false, later = false
where artifact in (
    select digest from artifacts join actions using (record)
    where kind in ('finish', 'repair') and digest in (select subject from touched)
);

create temporary table long as
with beside as (
    select
        evaluation, max(value) filter (where metric = 'cosine') as cosine,
        max(value) filter (where metric = 'error') as error
    from numbers group by evaluation
)
select
    judged.* exclude (embedding_weight, counted, later),
    -- What is beside the face may be compared later than the face was (`forge eval --record`): the first number counts.
    counted or (
        later and starts_with(metrics.source, 'likeness.') and row_number() over (
            partition by compared, metric, coalesce(artifact, evaluation) order by evaluated, evaluation
        ) = 1
    ) as counted,
    case when list_contains(comparability, 'weights') then embedding_weight end as embedding_weight,
    series_of(compared, metric, comparability, embedding_weight) as series,
    metrics.timeline, metric, numbers.value, beside.cosine, beside.error
from judged join numbers using (persona, evaluation) join beside using (evaluation)
    join metrics using (metric, modality)
where metrics.timeline <> '' and coalesce(frames_measured, 0) >= metrics.least_frames;

insert into scores
select persona, series, timeline, metric, value, evaluated, build, node, step, slot, take, attempt, decision, cosine,
    error, model, provider, label, counted, artifact, evaluation
from long where timeline <> 'failures' order by persona, series, evaluated, evaluation;

insert into failures
select persona, series, timeline, metric, value, evaluated, build, node, step, slot, take, attempt, decision, cosine,
    error, model, provider, label, counted, artifact, evaluation
from long where timeline = 'failures' order by persona, series, evaluated, evaluation;

insert into series
select
    series, min(persona), min(timeline), min(metric), min(coalesce(pack, model, '')), min(backend),
    min(backend_version), min(pack_digest), min(detector_size), min(anchor), coalesce(any_value(reference_set), []),
    min(embedding_weight)
from long where series not in (select series from series) group by series;

drop table long;
drop table numbers;
drop table judged;
drop table touched;
