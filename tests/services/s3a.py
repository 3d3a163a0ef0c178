"""What Spark lacks to read and write S3, `hadoop-aws` and the parts of Amazon's SDK that it needs, from Maven Central."""
import os
import pathlib
import re
import shutil
import subprocess
import tempfile

from . import spark
from .service import ServiceAbsent

_CACHE = pathlib.Path(__file__).resolve().parents[2] / ".cache"
# By version of Hadoop the SDK that its hadoop-aws names.
_SDK = {"3.4.2": "2.29.52"}
# The whole SDK is one file of 600 MB; these modules of it take 14 MB. Spark has its own Netty and SLF4J.
_WANTED = """<ivy-module version="2.0">
  <info organisation="lyceum" module="tests"/>
  <configurations><conf name="default"/></configurations>
  <dependencies defaultconf="default->default">
    <dependency org="org.apache.hadoop" name="hadoop-aws" rev="{hadoop}"/>
    <dependency org="software.amazon.awssdk" name="s3" rev="{sdk}"/>
    <dependency org="software.amazon.awssdk" name="s3-transfer-manager" rev="{sdk}"/>
    <dependency org="software.amazon.awssdk" name="sts" rev="{sdk}"/>
    <exclude org="software.amazon.awssdk" module="bundle"/>
    <exclude org="io.netty"/>
    <exclude org="org.slf4j"/>
  </dependencies>
</ivy-module>
"""


def jars():
    """The files, which are fetched once. Raises ServiceAbsent if they cannot be had."""
    home = spark._home()
    found = [re.search(r"-(\d[\d.]*)\.jar$", jar.name).group(1) for jar in (home / "jars").glob("hadoop-client-api-*.jar")]
    if not found or found[0] not in _SDK:
        raise ServiceAbsent(f"no hadoop-aws is known for the Hadoop of this pyspark ({', '.join(found)})")
    folder = _CACHE / f"hadoop-aws-{found[0]}"
    if not folder.is_dir():
        _fetch(home, found[0], folder)
    return sorted(folder.glob("*.jar"))


def settings(s3):
    """What a server needs to find the store, as settings of SparkServer."""
    return {f"spark_hadoop_fs_s3a_{name}": value for name, value in {
        "endpoint": s3.endpoint, "endpoint_region": s3.region, "path_style_access": "true", "access_key": s3.access_key,
        "secret_key": s3.secret_key, "connection_ssl_enabled": "false"}.items()}


def _fetch(home, hadoop, folder):
    if not shutil.which("java"):
        raise ServiceAbsent("Java is not installed (Debian: openjdk-17-jre-headless)")
    with tempfile.TemporaryDirectory(prefix="lyceum-ivy-") as scratch:
        wanted = pathlib.Path(scratch) / "ivy.xml"
        wanted.write_text(_WANTED.format(hadoop=hadoop, sdk=_SDK[hadoop]))
        try:
            ran = subprocess.run(
                ["java", "-jar", next((home / "jars").glob("ivy-*.jar")), "-ivy", wanted, "-cache", f"{scratch}/cache", "-types", "jar",
                 "-retrieve", f"{scratch}/jars/[artifact]-[revision].[ext]"], capture_output=True, text=True, timeout=300, cwd=scratch)
        except subprocess.TimeoutExpired:
            raise ServiceAbsent("hadoop-aws did not come from Maven Central within 300 seconds") from None
        if ran.returncode != 0:
            said = [line for line in ran.stdout.splitlines() if "UNRESOLVED" in line or "not found" in line]
            raise ServiceAbsent(f"hadoop-aws {hadoop} cannot be fetched from Maven Central: {said[:3]}")
        folder.parent.mkdir(exist_ok=True)
        part = folder.with_name(f"{folder.name}.{os.getpid()}")
        shutil.move(f"{scratch}/jars", part)
        try:
            part.rename(folder)
        except OSError:  # somebody else was faster
            shutil.rmtree(part)
