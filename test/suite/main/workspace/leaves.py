from pathlib import Path

folder = Path(__file__).resolve().parent / "plots"
folder.mkdir()
(folder / "note.txt").write_text("left behind\n")
