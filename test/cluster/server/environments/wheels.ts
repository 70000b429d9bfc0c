/** Wheels without an index: a wheel is a zip, and one of a single module needs nothing else. */
import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";

const WRITE = `
import sys, zipfile
folder, name, version, source = sys.argv[1:]
info = "%s-%s.dist-info" % (name, version)
with zipfile.ZipFile("%s/%s-%s-py3-none-any.whl" % (folder, name, version), "w") as wheel:
    wheel.writestr(name + ".py", source)
    wheel.writestr(info + "/METADATA", "Metadata-Version: 2.1\\nName: %s\\nVersion: %s\\n" % (name, version))
    wheel.writestr(info + "/WHEEL", "Wheel-Version: 1.0\\nGenerator: test\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
    wheel.writestr(info + "/RECORD", "%s.py,,\\n%s/METADATA,,\\n%s/WHEEL,,\\n%s/RECORD,,\\n" % (name, info, info, info))
`;

/** A distribution with one module of its own name. */
export function writeWheel(
  folder: string,
  name: string,
  version = "1.0",
  source = `VALUE = "${version}"\n`,
): void {
  mkdirSync(folder, { recursive: true });
  execFileSync("python3", ["-c", WRITE, folder, name, version, source]);
}

const WRITE_SOURCE = `
import io, sys, tarfile
folder, name, backend = sys.argv[1:]
with tarfile.open("%s/%s-1.0.tar.gz" % (folder, name), "w:gz") as archive:
    for file, text in {
        "PKG-INFO": "Metadata-Version: 2.1\\nName: %s\\nVersion: 1.0\\n" % name,
        "pyproject.toml": '[build-system]\\nrequires = []\\nbuild-backend = "backend"\\nbackend-path = ["."]\\n',
        "backend.py": backend,
    }.items():
        entry = tarfile.TarInfo("%s-1.0/%s" % (name, file))
        entry.size = len(text.encode())
        archive.addfile(entry, io.BytesIO(text.encode()))
`;

/** A distribution that is not built yet, with its own build backend. */
export function writeSource(folder: string, name: string, backend: string): void {
  mkdirSync(folder, { recursive: true });
  execFileSync("python3", ["-c", WRITE_SOURCE, folder, name, backend]);
}
