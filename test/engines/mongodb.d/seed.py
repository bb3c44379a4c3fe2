"""What the tests find on a MongoDB: accounts through the localhost exception, then databases as the first of them."""

import datetime
import os
import time

from bson import Binary, Decimal128, Int64, ObjectId
from pymongo import MongoClient

env = os.environ
port, kind = int(env["MONGODB_PORT"]), env["MONGODB_KIND"]
tls = {"tls": True, "tlsCAFile": env["MONGODB_CA"]} if kind == "tlsonly" else {}


def client(**account):
    return MongoClient("127.0.0.1", port, directConnection=True, serverSelectionTimeoutMS=20000, **account, **tls)


def await_primary(of):
    for _ in range(200):
        if of.admin.command("hello")["isWritablePrimary"]:
            return
        time.sleep(0.1)
    raise SystemExit("the set has no primary")


boot = client()
if kind == "set":
    # A set has either only loopback members or none, and mongod does not know this spelling of 127.0.0.1.
    members = [{"_id": 0, "host": f"2130706433:{port}"}]
    boot.admin.command("replSetInitiate", {"_id": "mooring", "members": members})
    await_primary(boot)
boot.admin.command("createUser", env["MONGODB_ADMIN_USER"], pwd=env["MONGODB_ADMIN_PASSWORD"], roles=["root"])
admin = client(username=env["MONGODB_ADMIN_USER"], password=env["MONGODB_ADMIN_PASSWORD"])
if kind == "set":  # without a vote, so the set keeps its primary
    conf = admin.admin.command("replSetGetConfig")["config"]
    conf["version"] += 1
    conf["members"].append({"_id": 1, "host": "169.254.169.254:80", "priority": 0, "votes": 0})
    admin.admin.command("replSetReconfig", conf, force=True)
    await_primary(admin)

shop, now = admin[env["MONGODB_DATABASE"]], datetime.datetime(2026, 1, 1, tzinfo=datetime.timezone.utc)
read = [{"role": "read", "db": name} for name in ("shop", "many", "odd")]


def account(name, roles, mechanism="SCRAM-SHA-256"):
    user, password = env[f"MONGODB_{name}USER"], env[f"MONGODB_{name}PASSWORD"]
    admin.admin.command("createUser", user, pwd=password, roles=roles, mechanisms=[mechanism])


account("", read)
account("SHA1_", read, "SCRAM-SHA-1")
account("NOBODY_", [])
admin["$external"].command("createUser", "CN=mooring_reader", roles=read)

properties = {"email": {"bsonType": "string", "description": "login"}, "age": {"bsonType": ["int", "null"]}}
properties["phone"] = {"bsonType": "object", "properties": {"home": {"bsonType": "string"}}}
schema = {"bsonType": "object", "title": "who buys", "required": ["email"], "properties": properties}
shop.create_collection("users", validator={"$jsonSchema": schema})
shop.users.insert_many(
    {
        "email": f"u{i}@example.test",
        "age": i % 90 if i % 7 else None,
        "address": {"city": "Porto", "geo": {"type": "Point", "coordinates": [-8.6, 41.1]}},
        "tags": ["a", "b"][: i % 3],
        **({"nickname": "nick"} if i % 4 == 0 else {}),
    }
    for i in range(500)
)
shop.users.create_index("email", unique=True)
shop.users.create_index([("address.geo", "2dsphere")])
shop.orders.insert_many(
    {
        "user": ObjectId(),
        "total": Decimal128(f"{i}.50"),
        "qty": Int64(i),
        "at": now + datetime.timedelta(minutes=i),
        "lines": [{"sku": f"S{i % 20}", "n": i % 5}],
        "note": None if i % 3 else "x",
        "state": "four" if i % 2 else i % 4,
        "blob": Binary(b"\0\1"),
        "key": Binary(bytes(16), 4),
    }
    for i in range(2000)
)
shop.orders.create_index([("user", 1), ("at", -1)])
shop.orders.create_index([("note", "text")])
shop.create_collection("empty")
shop.create_collection("log", capped=True, size=65536)
shop.create_collection("readings", timeseries={"timeField": "at", "metaField": "sensor"})
shop.readings.insert_many(
    {"at": now + datetime.timedelta(seconds=i), "sensor": {"id": i % 3}, "v": i / 7} for i in range(100)
)
shop.create_collection("adults", viewOn="users", pipeline=[{"$match": {"age": {"$gte": 18}}}])
admin.audit.events.insert_one({"secret": True})

odd = admin.odd
for name in ("a.b", "Ünïcödé 表 🚢", "it's", ' leading "space"', "`back`"):
    odd[name].insert_one({"a.b": 1, "a": {"b": "text"}, "$odd": 2, "": 3, "ключ": 4})

if kind == "tls":
    for i in range(1000):
        admin.many[f"t{i:03}"].insert_one({"n": i, "name": "x"})
