"""Generate the Python code of the protos, or check that the committed code is fresh.

    python proto/generate.py            write proto/gen
    python proto/generate.py --check    exit 1 when proto/gen is not what the protos say
    python proto/generate.py --lint     run buf lint over the descriptor set

protovalidate ships the descriptor of `buf/validate/validate.proto` only inside its own Python
module, not as a file, so it is written out as a descriptor set for protoc and for buf (a unit test
guards that step).
"""

import filecmp
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from google.protobuf import descriptor_pb2, duration_pb2, field_mask_pb2, timestamp_pb2
from protovalidate._gen.buf.validate import validate_pb  # the only place that has it

PROTO = Path(__file__).parent
GEN = PROTO / "gen"
VALIDATE = "buf/validate/validate.proto"


def validate_descriptor_set() -> bytes:
    """The descriptor of validate.proto and all it imports, as a serialized FileDescriptorSet."""
    files = descriptor_pb2.FileDescriptorSet()
    known = (
        descriptor_pb2.DESCRIPTOR,
        duration_pb2.DESCRIPTOR,
        field_mask_pb2.DESCRIPTOR,
        timestamp_pb2.DESCRIPTOR,
    )
    for known_file in known:
        known_file.CopyToProto(files.file.add())
    files.file.add().ParseFromString(validate_pb.desc().proto.to_binary())
    return files.SerializeToString()


def run(command: list[str]) -> None:
    """Run one protoc command; its plugins lie beside this Python."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    subprocess.run(command, check=True, cwd=PROTO, env={**os.environ, "PATH": path})  # noqa: S603 - fixed arguments


def own_protos() -> list[str]:
    """Every proto of the house, relative to the proto folder, in a stable order."""
    return sorted(str(path.relative_to(PROTO)) for path in (PROTO / "aftercare").rglob("*.proto"))


def protoc(scratch: Path) -> list[str]:
    """The start of a protoc command that knows validate.proto."""
    descriptors = scratch / "validate.binpb"
    descriptors.write_bytes(validate_descriptor_set())
    return [sys.executable, "-m", "grpc_tools.protoc", f"--descriptor_set_in={descriptors}"]


def lint() -> int:
    """Run buf lint over everything; its findings go to standard output. Returns buf's exit code."""
    with tempfile.TemporaryDirectory() as scratch:
        image = Path(scratch) / "image.binpb"
        flags = [f"-I{PROTO}", f"-o{image}", "--include_imports", "--include_source_info"]
        run([*protoc(Path(scratch)), *flags, *own_protos()])
        buf = Path(sys.executable).with_name("buf")
        command = [str(buf), "lint", str(image), "--config", str(PROTO / "buf.yaml")]
        return subprocess.run(command, check=False).returncode  # noqa: S603 - fixed arguments


def generate(target: Path) -> None:
    """Run protoc for every proto of the house into `target`."""
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        base = protoc(Path(scratch))
        own = own_protos()
        services = [name for name in own if name.endswith("_service.proto")]
        commands = [
            [*base, f"--python_out={target}", f"--mypy_out=quiet:{target}", VALIDATE],
            [*base, f"-I{PROTO}", f"--python_out={target}", f"--mypy_out=quiet:{target}", *own],
            [
                *base,
                f"-I{PROTO}",
                f"--grpc_python_out={target}",
                f"--mypy_grpc_out=quiet:{target}",
                *services,
            ],
        ]
        for command in commands:
            run(command)
    for folder in [target, *(path for path in target.rglob("*") if path.is_dir())]:
        if folder != target and not (folder / "__init__.py").exists():
            (folder / "__init__.py").touch()


def stale_files(fresh: Path, committed: Path) -> list[str]:
    """Names, relative to the generated folder, that differ, are missing or should not be there."""

    def names(root: Path) -> set[Path]:
        return {
            path.relative_to(root)
            for path in root.rglob("*")
            if path.is_file() and path.suffix in {".py", ".pyi"}
        }

    here, there = names(fresh), names(committed)
    differing = {
        name for name in here & there if not filecmp.cmp(fresh / name, committed / name, shallow=False)
    }
    return sorted(str(name) for name in differing | (here ^ there))


def main() -> int:
    """Generate, or check with `--check`, or lint with `--lint`."""
    if "--lint" in sys.argv[1:]:
        return lint()
    if "--check" not in sys.argv[1:]:
        generate(GEN)
        return 0
    with tempfile.TemporaryDirectory() as scratch:
        generate(Path(scratch))
        stale = stale_files(Path(scratch), GEN)
    for name in stale:
        sys.stderr.write(f"stale: proto/gen/{name} (run `make proto`)\n")
    return 1 if stale else 0


if __name__ == "__main__":
    raise SystemExit(main())
