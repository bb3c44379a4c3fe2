import type { Stack } from 'aws-cdk-lib';
import { type HttpApi, type HttpMethod, HttpRoute, HttpRouteKey } from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { addFunction, type FunctionSource } from './add-function.ts';
import type { DataStack } from './data-stack.ts';
import type { Deployment } from './deployment.ts';
import type { FunctionPlan } from './plan-functions.ts';
import { acceptFinding } from './policy-grant.ts';
import { buildGrants } from './grants.ts';
import { buildResourceNames } from './resource-names.ts';

interface RouteOptions extends FunctionSource {
  readonly api: HttpApi;
  readonly data: DataStack;
}

/**
 * Adds a route for each line of the route table, and a function for each file with the access that it declares. A function without routes
 * becomes the default route.
 */
export const addRoutes = (
  stack: Stack,
  plans: readonly FunctionPlan[],
  { api, data, deployment, dist }: RouteOptions,
): void => {
  for (const plan of plans) {
    const integration = new HttpLambdaIntegration(
      plan.name,
      addFunction(
        stack,
        plan,
        { deployment, dist },
        {
          // 512 MB come with a third of a vCPU: the faster cold start is worth more than the memory.
          memorySize: 512,
          environment: buildApiEnvironment(plan, deployment, data),
          grants: buildGrants(plan, data.grantResources),
        },
      ),
    );
    const keys =
      plan.routes.length === 0
        ? [HttpRouteKey.DEFAULT]
        : plan.routes.map(({ method, path }) => HttpRouteKey.with(path, method as HttpMethod)); // the route table contains only these methods
    for (const routeKey of keys) {
      const route = new HttpRoute(stack, `Route ${routeKey.key}`, { httpApi: api, routeKey, integration });
      acceptFinding(
        route,
        'Callers are recognised in the functions: an HTTP API’s own 401 and 403 cannot have the form that each API promises.',
        'APIG4',
      );
    }
  }
};

/** Only the variables that the function's ports need. */
const buildApiEnvironment = ({ uses }: FunctionPlan, deployment: Deployment, data: DataStack) => {
  const names = buildResourceNames(deployment.name);
  const { endpoints: _, ...egress } = deployment.egress;
  // Only the consumer of inbound events reads it, and an environment has at most 4 KB.
  const { event_accounts: __, ...settings } = deployment.settings;
  const probe = (uses.probe?.split(' ') ?? []).map((part) => [
    `PROBE_${part.toUpperCase()}`,
    names.function(`probe/${part}`),
  ]);
  return {
    ...(uses.store && { TABLE_NAME: names.table }),
    ...(uses.queue?.split(' ').includes('tests') && { TESTS_QUEUE_URL: data.tests.queueUrl }),
    ...(uses.queue?.split(' ').includes('deliveries') && data.deliveries.environment),
    ...(uses.vault && {
      SECRET_PREFIX: names.secrets,
      SECRET_KEY_ID: data.secretsKey.keyArn,
      MAC_KEY_ID: data.macKey.keyArn,
    }),
    ...(uses.signing && { WEBHOOK_KEY_ID: data.webhookKey.keyArn }),
    ...(Object.fromEntries(probe) as Record<string, string>),
    SETTINGS: JSON.stringify({
      ...settings,
      apis: deployment.apis,
      ...(Object.keys(egress).length > 0 && { egress }),
    }),
  };
};
