"""How an agency is named on the command line."""

import typer


def province_and_agency(agency: str | None, province: str | None) -> tuple[str | None, str | None]:
    """Province and agency code; `soc-trang/SNV` names both, and letters may be small."""
    if agency is None:
        return province, None
    home, _, code = agency.rpartition("/")
    if home and province not in (None, home):
        raise typer.BadParameter(f"{agency} không thuộc tỉnh {province}", param_hint="--agency")
    return home or province, code.upper()
