import type { App } from 'aws-cdk-lib';
import type { Making } from './add-function.ts';
import { ApiStack } from './api-stack.ts';
import { DataStack } from './data-stack.ts';
import { type FunctionPlan, planFunctions } from './functions.ts';
import { pascalCase } from './names.ts';
import { ProbeStack } from './probe-stack.ts';

/** The deployment as its stacks, named after it: what is kept, the probe, and one stack per API. */
export const addStacks = async (app: App, { deployment, dist }: Making): Promise<void> => {
  const plans = await planFunctions();
  const prefix = pascalCase(deployment.name);
  const common = { deployment, dist, env: { region: deployment.region } };
  const data = new DataStack(app, `${prefix}Data`, {
    ...common,
    description: 'Mooring: table, keys, bus, queue',
    publish: named(plans, 'publish'),
    sweep: named(plans, 'sweep'),
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
    plans: plans.filter(({ routes }) => routes.length > 0),
    notFound: named(plans, 'not-found'),
  });
  // Its functions name the probe's, though nothing in the templates refers to them.
  api.addStackDependency(probe);
};

const named = (plans: readonly FunctionPlan[], name: string): FunctionPlan => {
  const found = plans.find((plan) => plan.name === name);
  if (!found) throw new Error(`There is no function ${name}`);
  return found;
};
