"""deploy.py CDK_OUT [STACK…] : what `cdk bootstrap` and `cdk deploy` do for file assets, without the CLI: upload, create or update, wait."""
import io, json, os, sys, time, zipfile

import botocore.session
from botocore.exceptions import ClientError

out, only = sys.argv[1], sys.argv[2:]
session, account, region = botocore.session.get_session(), os.environ["AWS_ACCOUNT_ID"], os.environ["AWS_REGION"]
s3, ssm, cfn = (session.create_client(n, endpoint_url=os.environ["AWS_ENDPOINT_URL"], region_name=region) for n in ("s3", "ssm", "cloudformation"))


def here(text):
    for name, value in {"AWS::AccountId": account, "AWS::Region": region, "AWS::Partition": "aws"}.items():
        text = text.replace("${" + name + "}", value)
    return text


def content(source):
    path = os.path.join(out, source["path"])
    if source.get("packaging") != "zip":
        return open(path, "rb").read()
    blob = io.BytesIO()
    with zipfile.ZipFile(blob, "w", zipfile.ZIP_DEFLATED) as z:
        for folder, _, files in os.walk(path):
            for f in files:
                z.write(os.path.join(folder, f), os.path.relpath(os.path.join(folder, f), path))
    return blob.getvalue()


def upload(manifest):
    for asset in manifest["files"].values():
        for target in asset["destinations"].values():
            bucket = here(target["bucketName"])
            try:
                s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": region})
            except ClientError as e:
                if e.response["Error"]["Code"] != "BucketAlreadyOwnedByYou":
                    raise
            s3.put_object(Bucket=bucket, Key=here(target["objectKey"]), Body=content(asset["source"]))


def deploy(name, template, parameters):
    request = dict(StackName=name, TemplateURL=template, Capabilities=["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"],
                   Parameters=[{"ParameterKey": k, "ParameterValue": v} for k, v in parameters.items()])
    try:
        cfn.describe_stacks(StackName=name)
        cfn.update_stack(**request)
    except ClientError as e:
        message = e.response["Error"]["Message"]
        if "No updates" not in message:
            if "does not exist" not in message:
                raise
            cfn.create_stack(**request)
    while (stack := cfn.describe_stacks(StackName=name)["Stacks"][0])["StackStatus"].endswith("_IN_PROGRESS"):
        time.sleep(0.2)
    if stack["StackStatus"] not in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
        for event in cfn.describe_stack_events(StackName=name)["StackEvents"]:
            if event["ResourceStatus"].endswith("_FAILED"):
                print(event["LogicalResourceId"], event["ResourceType"], event.get("ResourceStatusReason"), file=sys.stderr)
        sys.exit(f"{name}: {stack['StackStatus']}")
    return {o["OutputKey"]: o["OutputValue"] for o in stack.get("Outputs", [])}


ssm.put_parameter(Name="/cdk-bootstrap/hnb659fds/version", Value="99", Type="String", Overwrite=True)
artifacts = json.load(open(os.path.join(out, "manifest.json")))["artifacts"]
for a in artifacts.values():
    if a["type"] == "cdk:asset-manifest":
        upload(json.load(open(os.path.join(out, a["properties"]["file"]))))
outputs, done = {}, set()


def visit(name):  # dependencies first
    a = artifacts.get(name)
    if not a or name in done:
        return
    done.add(name)
    for d in a.get("dependencies", []):
        visit(d)
    if a["type"] == "aws:cloudformation:stack":
        p = a["properties"]
        # by where it was uploaded to: in the request itself a template may have 51 200 bytes
        bucket, key = here(p["stackTemplateAssetObjectUrl"]).removeprefix("s3://").split("/", 1)
        template = f"https://s3.{region}.amazonaws.com/{bucket}/{key}"
        outputs[p.get("stackName", name)] = deploy(p.get("stackName", name), template, p.get("parameters", {}))


for name, a in artifacts.items():
    if a["type"] == "aws:cloudformation:stack" and (not only or name in only):
        visit(name)
print(json.dumps(outputs, indent=2))
