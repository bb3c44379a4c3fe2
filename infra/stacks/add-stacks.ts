import type { App } from 'aws-cdk-lib';
import { findApiName } from '../../functions/apis.ts';
import type { FunctionSource } from './add-function.ts';
import { addInbound } from './add-inbound.ts';
import { ApiStack } from './api-stack.ts';
import { DataStack } from './data-stack.ts';
import { type FunctionPlan, planFunctions } from './plan-functions.ts';
import { toPascalCase } from './resource-names.ts';
import { ProbeStack } from './probe-stack.ts';
import { WireStack } from './wire-stack.ts';

/** Adds the stacks of the deployment: stored data, the probe, and one stack per API. Their names start with its name. */
export const addStacks = async (app: App, { deployment, dist }: FunctionSource): Promise<void> => {
  const plans = await planFunctions(deployment.apis);
  const prefix = toPascalCase(deployment.name);
  const common = { deployment, dist, env: { region: deployment.region } };
  const data = new DataStack(app, `${prefix}Data`, {
    ...common,
    description: 'Mooring: table, keys, bus, queue',
    publish: requirePlan(plans, 'publish'),
    schedule: requirePlan(plans, 'schedule'),
    backfill: requirePlan(plans, 'backfill'),
    sweep: requirePlan(plans, 'sweep'),
    undelivered: requirePlan(plans, 'undelivered'),
    emptyVault: requirePlan(plans, 'empty-vault'),
  });
  addInbound(
    data,
    requirePlan(plans, 'inbound'),
    { deployment, dist },
    { resources: data.grantResources, tests: data.tests, deadLetters: data.deadLetters },
  );
  const probe = new ProbeStack(app, `${prefix}Probe`, {
    ...common,
    description: 'Mooring: the probe, in a VPC',
    data,
    plans,
  });
  const api = new ApiStack(app, `${prefix}Api`, {
    ...common,
    description: 'Mooring: its own API',
    data,
    plans: plans.filter(({ name, routes }) => routes.length > 0 && findApiName(name) === undefined),
    notFound: requirePlan(plans, 'not-found'),
  });
  // The API's functions refer to the probe's by name only, so CDK does not see this dependency.
  api.addStackDependency(probe);
  for (const name of deployment.apis) {
    const own = plans.filter((plan) => findApiName(plan.name) === name);
    if (own.length === 0) continue;
    const wire = new WireStack(app, `${prefix}${toPascalCase(name)}`, {
      ...common,
      description: `Mooring: the API ${name}`,
      api: api.api,
      data,
      plans: own,
    });
    wire.addStackDependency(probe);
  }
};

const requirePlan = (plans: readonly FunctionPlan[], name: string): FunctionPlan => {
  const found = plans.find((plan) => plan.name === name);
  if (!found) throw new Error(`Expected a function ${name}`);
  return found;
};
