"""Prints public schemas of one language as a corpus, from clones at FOLDER/OWNER/REPOSITORY: python gather.py LANGUAGE FOLDER > corpus.json"""

import json
import pathlib
import posixpath
import random
import re
import subprocess
import sys

COMMITS = {
    "googleapis/googleapis": "f8291d2b89f0017ab078a4c7378069bae5686f6f",
    "SchemaStore/schemastore": "3b6446ad8a077bac56f4a4796c0b7fd88927fc8e",
    "confluentinc/schema-registry": "794611bd86d1ce0422581269e2b13a2ab010c7fb",
    "apache/avro": "87212a6d47247a30dff247d16386d722c56d4390",
    "confluentinc/kafka-connect-datagen": "ae9c03e40671dcd27bb5652e25c7ea6fdd8fe933",
    "apache/gobblin": "c10ae0b3978d2dcf950aa7860f2b8e8c1230b4aa",
    "snowplow/iglu-central": "cbac22edd8c67e09413c19e80c3d7354e1f010c8",
    "bufbuild/protovalidate": "ec950f2039c7cf07895f1f83ab565d7fc57628be",
    "protocolbuffers/protobuf": "e712d276bcead35cad45e305463f5e542246351e",
    "confluentinc/examples": "4f840b64820e151497652cb34a4e8e3f48611ead",
    "cloudevents/spec": "c2845a49bc9831be02f305a4a792401b932d77d4",
}
IMPORT = re.compile(r'^\s*import\s+(?:public\s+|weak\s+|option\s+)?"([^"]+)"\s*;', re.MULTILINE)
ROOTS = {
    "googleapis/googleapis": [""],
    "protocolbuffers/protobuf": ["src/", ""],
    "bufbuild/protovalidate": ["proto/protovalidate/", "proto/protovalidate-testing/"],
    "confluentinc/schema-registry": ["protobuf-types/src/main/proto/", "protobuf-provider/src/main/proto/"],
}
AVRO = [
    "apache/avro", "confluentinc/schema-registry", "confluentinc/examples", "apache/gobblin",
    "confluentinc/kafka-connect-datagen", "cloudevents/spec",
]  # fmt: skip

language, folder = sys.argv[1:]


def git(repository, *command):
    clone = pathlib.Path(folder, repository)
    ran = subprocess.run(["git", "-C", clone, *command], capture_output=True)
    return ran.stdout.decode("utf8", "replace") if ran.returncode == 0 else None


def find(repository, pattern):
    names = git(repository, "ls-tree", "-r", COMMITS[repository], "--name-only").splitlines()
    return [name for name in names if re.search(pattern, name)]


def read(repository, path):
    return git(repository, "show", f"{COMMITS[repository]}:{path}")


def read_import(name):
    texts = (read(repository, prefix + name) for repository, prefixes in ROOTS.items() for prefix in prefixes)
    return next((text for text in texts if text is not None), None)


def gather_protobuf():
    corpus = {}

    def add(name):
        if name not in corpus:
            text = read_import(name)
            if text is None:
                return False
            corpus[name] = {"text": text, "references": []}
            corpus[name]["references"] += [other for other in IMPORT.findall(text) if add(other)]
        return True

    google = find("googleapis/googleapis", r"\.proto$")
    names = random.sample(google, 220) + [name for name in google if name.startswith("google/type/")]
    names.append("google/firestore/admin/v1/database.proto")
    for prefix in ROOTS["bufbuild/protovalidate"]:
        names += [posixpath.relpath(name, prefix) for name in find("bufbuild/protovalidate", rf"^{prefix}.*\.proto$")]
    names += [name[len("src/") :] for name in find("protocolbuffers/protobuf", r"^src/google/protobuf/.*\.proto$")]
    for name in names:
        add(name)
    return corpus


def gather_avro():
    texts = {f"{one}/{path}": read(one, path) for one in AVRO for path in find(one, r"\.avsc$|\.avro$|avro.*\.json$")}
    return {name: {"text": text, "references": []} for name, text in texts.items() if text and text.lstrip()[:1] in '{["'}


def gather_json():
    store, iglu = "SchemaStore/schemastore", "snowplow/iglu-central"
    texts = {path: read(store, path) for path in find(store, r"^src/schemas/json/.*\.json$")}
    texts |= {path: read(iglu, path) for path in random.sample(find(iglu, r"^schemas/.*jsonschema/"), 250)}
    return {name: {"text": text, "references": []} for name, text in texts.items() if text and len(text) < 400_000}


random.seed(7)
json.dump({"avro": gather_avro, "json": gather_json, "protobuf": gather_protobuf}[language](), sys.stdout)
