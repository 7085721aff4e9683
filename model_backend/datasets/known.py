"""All sources by name."""

from __future__ import annotations

from model_backend.datasets.draft import Source
from model_backend.datasets.problems import DatasetProblem
from model_backend.datasets.sources import (
    cbis_ddsm,
    dialogues,
    films,
    hub,
    iu_xray,
    json_lines,
    medmnist,
    mednli,
    meqsum,
    mimic_cxr,
    mimic_iii,
    peir_gross,
    roco,
    slake,
    tables,
    trec_trials,
    tuberculosis,
    vqa_rad,
)

SOURCES: dict[str, Source] = {
    source.name: source
    for source in (
        vqa_rad.SOURCE,
        slake.SOURCE,
        hub.PATH_VQA,
        iu_xray.SOURCE,
        mimic_cxr.SOURCE,
        peir_gross.SOURCE,
        roco.SOURCE,
        medmnist.SOURCE,
        cbis_ddsm.SOURCE,
        tuberculosis.MONTGOMERY,
        tuberculosis.SHENZHEN,
        mednli.SOURCE,
        meqsum.SOURCE,
        dialogues.HEALTHCAREMAGIC,
        dialogues.ICLINIQ,
        mimic_iii.SOURCE,
        trec_trials.SOURCE,
        films.CHILD,
        films.NIH,
        hub.HUB,
        tables.SOURCE,
        json_lines.SOURCE,
    )
}


def source_named(name: str) -> Source:
    """The source of that name. Raises DatasetProblem."""
    if name not in SOURCES:
        raise DatasetProblem(f"There is no source {name!r}. Sources: {', '.join(SOURCES)}.")
    return SOURCES[name]
