"""What the document cannot say of a request that fits it: which fields belong to which connector, and what only the store knows."""

import json
import os
import uuid
from urllib.parse import urlencode

import schemathesis
from schemathesis.generation.meta import TestPhase
from schemathesis.generation.modes import GenerationMode

# A connection that is there, by its 32 hex digits.
ID = os.environ["CONNECTION"]
UUID = str(uuid.UUID(ID))

ADDRESS = {"host": "127.0.0.1", "port": 1, "database": "shop", "username": "reader"}
PASSWORD = {"password": "not-a-real-password"}
STRING = "postgresql://reader:not-a-real-password@127.0.0.1:1/shop"
OPEN = ("config", "credentials", "connection_string", "flavor", "mode", "ssl")


def without_open(body):
    return {name: value for name, value in body.items() if name not in OPEN}


def of_postgresql(body):
    return {**without_open(body), "type": "postgresql", "config": ADDRESS, "credentials": PASSWORD}


# What stands in for the parts of a body that depend on the connector.
BODIES = {
    "POST /v1/connections": of_postgresql,
    "POST /v1/connections/test": of_postgresql,
    "PATCH /v1/connections/{id}": without_open,
    "PUT /v1/connections/{id}": without_open,
    "POST /v1/connections/{id}/test": without_open,
    "POST /v1/providers/{provider}/connections": lambda body: {
        **body,
        "mode": "managed",
        "credentials": {"user": "reader", **{name: ADDRESS[name] for name in ("host", "port", "database")}, **PASSWORD},
    },
    "POST /v1/management/connections": lambda body: {
        **body,
        **{"type": "POSTGRESQL", "host": "127.0.0.1", "port": 1, "databaseName": "shop", "userName": "reader"},
        **PASSWORD,
    },
    "POST /api/v1/connections": lambda body: {**body, "connection_string": STRING},
    "POST /api/v1/connection_profiles": lambda body: {
        **body,
        "connector": "kafka",
        "config": {"bootstrap_servers": "127.0.0.1:1", "security_protocol": "PLAINTEXT"},
    },
}
# Another host would be refused, and another connection is not there.
HOOK = "https://hooks.example.com/in"
BODIES["POST /v1/webhooks"] = lambda body: {**body, "url": HOOK}
BODIES["PATCH /v1/webhooks/{id}"] = lambda body: {**body, **({"url": HOOK} if "url" in body else {})}
BODIES["POST /v1/tests"] = lambda body: {"ids": [f"conn_{ID}"]}
BODIES["POST /api/v1/connection_profiles/test"] = BODIES["POST /api/v1/connection_profiles"]


def path_of(label):
    """What is deleted is another each time: stateful runs find it by their links."""
    if label.startswith("DELETE ") or label.endswith("/restore"):
        return {}
    if "/providers/" in label:
        return {"provider": "postgresql"}
    if "{id}" not in label:
        return {}
    if " /v1/connections/" in label:
        return {"id": f"conn_{ID}"}
    return {"id": f"prof_{ID}" if "/connection_profiles/" in label else UUID}


@schemathesis.hook
def filter_case(context, case):
    """What is longer than a gateway takes, or sent to another host, no function sees."""
    too_long = len(urlencode(case.query or {}, doseq=True)) >= 9000
    return not too_long and "host" not in {name.lower() for name in case.headers or {}}


@schemathesis.hook
def map_case(context, case):
    """Of a request that is wrong on purpose nothing is changed, and of one that follows a link not where it leads."""
    if case.meta is None or case.meta.generation.mode != GenerationMode.POSITIVE:
        return case
    label = case.operation.label
    if label in BODIES and isinstance(case.body, dict):
        case.body = BODIES[label](case.body)
    if case.meta.phase.name == TestPhase.STATEFUL:
        (case.headers or {}).pop("X-Environment-Id", None)  # another environment is another tenant
    elif path_of(label):
        case.path_parameters = {**case.path_parameters, **path_of(label)}
    if "X-Organization-Id" in (case.headers or {}):
        case.headers["X-Organization-Id"] = "org_local"  # the caller's
    return case


# A cursor is one that we gave, a tag the current one, and a test's outcome the source's.
CODES = {
    "invalid-cursor",
    "precondition-failed",
    "idempotency-key-reused",
    "credentials-required",
    "CONNECTION_FAILED",
    "FET-0408",  # 30 February
    "FET-0409",
    "FET-1040",
    "FET-1060",
    "FET-1062",
}

# What depends on the connector, also under management's names, and in autocomplete; and the caller's own.
FIELDS = {
    *("config", "credentials", "connection_string", "ssl", "type", "parent", "X-Organization-Id"),
    *("host", "databaseName", "userName", "password", "schema"),
}


def fields_of(answer):
    """The fields that an answer complains of, in the form of each API."""
    details = (answer.get("error") or {}).get("details") or {}
    for one in (answer.get("errors"), answer.get("fields"), details.get("fields")):
        if isinstance(one, dict):
            return {name.split(".")[0] for name in one}
        if isinstance(one, list):
            return {(each.get("path") or each.get("field") or "").split(".")[0] for each in one}
    return set()


@schemathesis.hook
def filter_failure(context, failure, case, response):
    """False drops it: only that a request which fits was refused, and only for one of these reasons."""
    # One that was made to fit is judged again once a hook has changed it, and 1.0 is then no integer.
    if type(failure).__name__ == "AcceptedNegativeData" and str(failure).endswith("positive test case"):
        return False
    if type(failure).__name__ != "RejectedPositiveData":
        return True
    try:
        answer = json.loads(response.content)
    except ValueError:
        return True
    code = answer.get("code") or (answer.get("error") or {}).get("code")
    tested = response.status_code == 422 and "steps" in answer
    fields = fields_of(answer)
    open_fields = bool(fields) and fields <= FIELDS
    # The connections and tags of its examples are not there.
    absent = case.operation.label == "POST /v1/tests" and bool(fields) and fields <= {"ids", "tags"}
    # Which characters can be seen no pattern says that all of its readers understand.
    unseen = any(text in str(answer) for text in ("invisible characters", "none that cannot be seen"))
    return not (code in CODES or tested or open_fields or absent or unseen or "Invalid cursor" in str(answer) or "The cursor is not valid" in str(answer))
