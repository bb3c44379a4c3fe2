import type { App } from 'aws-cdk-lib';
import { apiOf } from '../functions/apis.ts';
import type { Making } from './add-function.ts';
import { ApiStack } from './api-stack.ts';
import { DataStack } from './data-stack.ts';
import { type FunctionPlan, planFunctions } from './functions.ts';
import { pascalCase } from './names.ts';
import { ProbeStack } from './probe-stack.ts';
import { WireStack } from './wire-stack.ts';

/** Adds the stacks of the deployment: stored data, the probe, and one stack per API. Their names start with its name. */
export const addStacks = async (app: App, { deployment, dist }: Making): Promise<void> => {
  const plans = await planFunctions(deployment.apis);
  const prefix = pascalCase(deployment.name);
  const common = { deployment, dist, env: { region: deployment.region } };
  const data = new DataStack(app, `${prefix}Data`, {
    ...common,
    description: 'Mooring: table, keys, bus, queue',
    publish: named(plans, 'publish'),
    sweep: named(plans, 'sweep'),
    undelivered: named(plans, 'undelivered'),
    emptyVault: named(plans, 'empty-vault'),
  });
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
    plans: plans.filter(({ name, routes }) => routes.length > 0 && apiOf(name) === undefined),
    notFound: named(plans, 'not-found'),
  });
  // The API's functions refer to the probe's by name only, so CDK does not see this dependency.
  api.addStackDependency(probe);
  for (const name of deployment.apis) {
    const own = plans.filter((plan) => apiOf(plan.name) === name);
    if (own.length === 0) continue;
    const wire = new WireStack(app, `${prefix}${pascalCase(name)}`, {
      ...common,
      description: `Mooring: the API ${name}`,
      api: api.api,
      data,
      plans: own,
    });
    wire.addStackDependency(probe);
  }
};

const named = (plans: readonly FunctionPlan[], name: string): FunctionPlan => {
  const found = plans.find((plan) => plan.name === name);
  if (!found) throw new Error(`There is no function ${name}`);
  return found;
};
