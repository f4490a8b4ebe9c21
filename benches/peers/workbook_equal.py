"""The workbook of a linear model, computed by LibreOffice, beside what Regulars says of the same rows.

    python workbook_equal.py SOFFICE CARD.xlsx CUSTOMERS.csv ROWS.csv [N]

CARD.xlsx comes from `regulars export BUNDLE --xlsx`, ROWS.csv from `regulars export BUNDLE CUSTOMERS.csv
--matrix`: its last column is the probability with all its digits. The first N customers are put into the
sheet "Score" as a person pastes them (numbers as numbers, all else as text), LibreOffice computes the whole
workbook without its window, and what it says is read back. Fails where a probability differs by more than
1e-9, or where the workbook's own self-test does. Only the standard library is needed.
"""

import csv
import pathlib
import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as tree
import zipfile

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
FIRST = 6  # The first row of customers, counted from 1; the names stand above it.
# Compute everything when a file is opened: without it LibreOffice shows what was stored.
ALWAYS = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry" xmlns:xs="http://www.w3.org/2001/XMLSchema"
 xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
<item oor:path="/org.openoffice.Office.Calc/Formula/Load"><prop oor:name="OOXMLRecalcMode" oor:op="fuse">
<value>0</value></prop></item></oor:items>"""


def letters(place):
    name = ""
    while place:
        place, rest = divmod(place - 1, 26)
        name = chr(65 + rest) + name
    return name


def strings(book):
    root = tree.fromstring(book.read("xl/sharedStrings.xml"))
    return ["".join(t.text or "" for t in item.iter(f"{{{MAIN}}}t")) for item in root]


def cells(book, sheet, shared):
    """Cell → value: a number, or a text."""
    out = {}
    for cell in tree.fromstring(book.read(sheet)).iter(f"{{{MAIN}}}c"):
        value = cell.find(f"{{{MAIN}}}v")
        if value is None or value.text is None:
            continue
        kind = cell.get("t", "n")
        if kind == "s":
            out[cell.get("r")] = shared[int(value.text)]
        elif kind in ("str", "e"):
            out[cell.get("r")] = value.text
        else:
            out[cell.get("r")] = float(value.text)
    return out


def is_number(text):
    return re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", text) is not None


def escaped(text):
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def filled(path, out, rows):
    """Copies the workbook with customers in its sheet "Score"."""
    with zipfile.ZipFile(path) as book, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as to:
        shared = strings(book)
        names = cells(book, "xl/worksheets/sheet1.xml", shared)
        inputs, at = [], 6  # Behind probability, at risk, points, what is told and the customer.
        while (name := names.get(f"{letters(at)}{FIRST - 1}")) is not None:
            inputs.append((letters(at), name))
            at += 1
        lacks = [name for _, name in inputs if name not in rows[0]]
        assert not lacks, f"the file has no column {lacks}"
        text = book.read("xl/worksheets/sheet1.xml").decode()
        for place, row in enumerate(rows):
            for letter, name in inputs:
                value, where = row[name], f"{letter}{FIRST + place}"
                number = is_number(value) and name not in listed(book, shared)
                cell = f"<v>{value}</v>" if number else f"<is><t xml:space=\"preserve\">{escaped(value)}</t></is>"
                kind = "" if number else ' t="inlineStr"'
                text, changed = re.subn(
                    rf'<c r="{where}"( s="\d+")?/>', lambda m: f'<c r="{where}"{m[1] or ""}{kind}>{cell}</c>', text
                )
                assert changed == 1, where
        for item in book.infolist():
            body = text.encode() if item.filename == "xl/worksheets/sheet1.xml" else book.read(item.filename)
            to.writestr(item, body)
        return [letter for letter, _ in inputs]


CATEGORIES = {}


def listed(book, shared):
    """Columns whose cells are text: those with a list of known values."""
    key = book.filename
    if key not in CATEGORIES:
        sheet = tree.fromstring(book.read("xl/worksheets/sheet1.xml"))
        names = cells(book, "xl/worksheets/sheet1.xml", shared)
        lists = [v for v in sheet.iter(f"{{{MAIN}}}dataValidation") if v.get("type") == "list"]
        letter = [re.match("[A-Z]+", v.get("sqref"))[0] for v in lists]
        CATEGORIES[key] = {names[f"{one}{FIRST - 1}"] for one in letter}
    return CATEGORIES[key]


def main():
    office, card, customers, matrix = sys.argv[1:5]
    n = int(sys.argv[5]) if len(sys.argv) > 5 else 100
    with open(customers, encoding="utf-8-sig", newline="") as file:
        rows = [row for row, _ in zip(csv.DictReader(file), range(n))]
    with open(matrix, encoding="utf-8-sig", newline="") as file:
        wanted = [float(row["probability"]) for row, _ in zip(csv.DictReader(file), range(n))]
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        (folder / "profile/user").mkdir(parents=True)
        (folder / "profile/user/registrymodifications.xcu").write_text(ALWAYS)
        filled(card, folder / "in.xlsx", rows)
        (folder / "out").mkdir()
        subprocess.run(
            [office, f"-env:UserInstallation={(folder / 'profile').as_uri()}", "--headless", "--convert-to", "xlsx",
             "--outdir", str(folder / "out"), str(folder / "in.xlsx")],
            check=True, stdout=subprocess.DEVNULL, timeout=600,
        )
        with zipfile.ZipFile(folder / "out/in.xlsx") as book:
            shared = strings(book)
            score = cells(book, "xl/worksheets/sheet1.xml", shared)
            test = cells(book, "xl/worksheets/sheet3.xml", shared)
    got = [score.get(f"A{FIRST + at}") for at in range(len(rows))]
    strange = [at for at, value in enumerate(got) if not isinstance(value, float)]
    assert not strange, f"no probability in rows {strange[:5]}: {[got[at] for at in strange[:5]]}"
    most = max(abs(a - b) for a, b in zip(got, wanted))
    differences = [test.get(f"C{FIRST + at}") for at in range(24)]
    equal = [test.get(f"D{FIRST + at}") for at in range(24)]
    print(f"{len(rows)} rows: largest difference {most:.1e}")
    print(f"self-test: largest difference {max(differences):.1e}, says “{test.get('A3')}”")
    assert most <= 1e-9 and equal == [1.0] * 24


if __name__ == "__main__":
    main()
