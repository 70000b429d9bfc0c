from pathlib import Path

folder = Path(__file__).resolve().parent / "plots"
folder.mkdir()
(folder / "note.txt").write_text("left behind\n")
with open("large.bin", "wb") as file:
    file.truncate(2 * 10**9)
