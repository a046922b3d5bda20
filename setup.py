"""Only what pyproject.toml cannot say: csrc/kernels.c is compiled once per instruction set.

``FASTGD_CFLAGS`` in the environment is appended to every compiler and linker call.
"""

import os
import platform
import shutil
import sysconfig
from concurrent.futures import ThreadPoolExecutor
from glob import glob

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext
from setuptools.modified import newer_group

KERNELS = os.path.join("csrc", "kernels.c")
CORE_FLAGS = ["-O3", "-g0", "-std=gnu11", "-fvisibility=hidden"]
KERNEL_FLAGS = [
    *("-O3", "-g0", "-std=gnu11", "-fvisibility=hidden"),
    *("-fno-math-errno", "-fno-trapping-math", "-ffp-contract=fast"),
]
X86_64 = {
    "v1": ["-march=x86-64", "-mtune=generic"],
    "v3": ["-march=x86-64-v3"],
    "v4": ["-march=x86-64-v4", "-mprefer-vector-width=512"],
}
ARM64 = {"neon": []}
ANY = {"v1": []}  # whatever the compiler's default is
MACHINES = {"x86_64": X86_64, "amd64": X86_64, "arm64": ARM64, "aarch64": ARM64}

USER_FLAGS = os.environ.get("FASTGD_CFLAGS", "").split()
WINDOWS = os.name == "nt"
# A free-threaded interpreter has no stable ABI: there the wheel belongs to one version.
ABI3 = not sysconfig.get_config_var("Py_GIL_DISABLED")


def machine():
    """The processor built for: on macOS and in cross builds not always the one at hand."""
    name = sysconfig.get_platform().rpartition("-")[2].lower()
    if name == "universal2":  # one file for two processors cannot hold both sets of kernels
        name = platform.machine()
        os.environ.setdefault("ARCHFLAGS", f"-arch {name}")
    return name


class BuildExt(build_ext):
    def initialize_options(self):
        super().initialize_options()
        self.cython_c_in_temp = True

    def finalize_options(self):
        super().finalize_options()
        self.force = self.force or bool(USER_FLAGS)

    def build_extensions(self):
        if self.compiler.compiler_type == "msvc":  # which knows no vector types
            self.compiler.initialize()
            self.compiler.cc = shutil.which("clang-cl") or "clang-cl"
        super().build_extensions()

    def build_extension(self, ext):
        with ThreadPoolExecutor() as pool:
            ext.extra_objects = list(pool.map(lambda isa: self.kernels(ext, *isa), ISAS.items()))
        super().build_extension(ext)

    def kernels(self, ext, isa, flags):
        """Compile the kernels for one instruction set, in a directory of its own."""
        directory = os.path.join(self.build_temp, isa)
        [target] = self.compiler.object_filenames([KERNELS], output_dir=directory)
        if self.force or newer_group(ext.depends, target):
            self.compiler.compile(
                [KERNELS],
                output_dir=directory,
                macros=[("FGD_ISA", isa)],
                include_dirs=ext.include_dirs,
                extra_postargs=compiler_flags([*KERNEL_FLAGS, *flags]),
                depends=ext.depends,
            )
        return target


def compiler_flags(flags):
    flags = [*flags, *USER_FLAGS]
    return [f"/clang:{flag}" for flag in flags] if WINDOWS else flags


ISAS = MACHINES.get(machine(), ANY)

core = Extension(
    "fastgd._core",
    sources=[
        os.path.join("src", "fastgd", "_core.pyx"),
        *sorted(
            source
            for source in glob(os.path.join("csrc", "**", "*.c"), recursive=True)
            if source != KERNELS and not source.endswith(".inc.c")
        ),
    ],
    depends=["setup.py", *sorted(glob(os.path.join("csrc", "**", "*.[ch]"), recursive=True))],
    include_dirs=["csrc"],
    define_macros=[("Py_LIMITED_API", "0x030B0000")] if ABI3 else [],
    py_limited_api=ABI3,
    libraries=["m"] * (not WINDOWS),
    extra_compile_args=compiler_flags(CORE_FLAGS + ["-pthread"] * (not WINDOWS)),
    extra_link_args=["-pthread"] * (not WINDOWS) + USER_FLAGS,
)

if __name__ == "__main__":  # .ci/run imports the flags
    setup(
        ext_modules=[core],
        cmdclass={"build_ext": BuildExt},
        options={"bdist_wheel": {"py_limited_api": "cp311"}} if ABI3 else {},
    )
