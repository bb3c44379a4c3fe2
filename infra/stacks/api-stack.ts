import { CfnOutput, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import { AccessLogField, AccessLogFormat } from 'aws-cdk-lib/aws-apigateway';
import { HttpApi, HttpStage, LogGroupLogDestination } from 'aws-cdk-lib/aws-apigatewayv2';
import { Alarm, Metric, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { FilterPattern, LogGroup, MetricFilter } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import { type FunctionSource, logRetention } from './add-function.ts';
import { addRoutes } from './add-routes.ts';
import { addAlarmActions } from './add-alarm-actions.ts';
import type { DataStack } from './data-stack.ts';
import type { FunctionPlan } from './plan-functions.ts';

interface ApiStackProps extends StackProps, FunctionSource {
  readonly data: DataStack;
  /** The functions behind this API, and the one that answers requests without a route. */
  readonly plans: readonly FunctionPlan[];
  readonly notFound: FunctionPlan;
}

/** The HTTP API with the routes of Mooring's own API. Each other wire format has a stack of its own. */
export class ApiStack extends Stack {
  readonly api: HttpApi;

  constructor(
    scope: Construct,
    id: string,
    { data, plans, notFound, deployment, dist, ...props }: ApiStackProps,
  ) {
    super(scope, id, props);
    const api = new HttpApi(this, 'Api', {
      apiName: deployment.name,
      description: 'Mooring',
      createDefaultStage: false,
    });
    addRoutes(this, [...plans, notFound], { api, data, deployment, dist });
    this.api = api;
    const logGroup = new LogGroup(this, 'AccessLog', {
      // Below this prefix, the log group does not count against the account’s only resource policy for log deliveries.
      logGroupName: `/aws/vendedlogs/apigateway/${deployment.name}`,
      retention: logRetention,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const stage = new HttpStage(this, 'Stage', {
      httpApi: api,
      stageName: '$default',
      autoDeploy: true,
      throttle: { rateLimit: deployment.throttle.rate, burstLimit: deployment.throttle.burst },
      accessLogSettings: { destination: new LogGroupLogDestination(logGroup), format: accessLogFormat },
    });
    addAlarmActions(this, deployment, createApiAlarms(this, stage, logGroup, deployment.name));
    new CfnOutput(this, 'ApiId', { value: api.apiId });
    new CfnOutput(this, 'Url', { value: stage.url });
  }
}

/** Without headers and query strings: they may contain what a log must not contain. */
const accessLogFormat = AccessLogFormat.custom(
  JSON.stringify({
    request_id: AccessLogField.contextRequestId(),
    time: AccessLogField.contextRequestTime(),
    ip: AccessLogField.contextIdentitySourceIp(),
    route: '$context.routeKey',
    status: AccessLogField.contextStatus(),
    ms: AccessLogField.contextResponseLatency(),
    bytes: AccessLogField.contextResponseLength(),
    error: AccessLogField.contextErrorResponseType(),
    function_status: AccessLogField.contextIntegrationStatus(),
    function_error: '$context.integrationErrorMessage',
  }),
);

const createApiAlarms = (
  scope: Construct,
  stage: HttpStage,
  logGroup: LogGroup,
  name: string,
): readonly Alarm[] => {
  const usual = { evaluationPeriods: 1, treatMissingData: TreatMissingData.NOT_BREACHING } as const;
  // Counts only the gateway's own 429. The 429 of Mooring's quotas needs no alarm.
  const throttled = new MetricFilter(scope, 'Throttled', {
    logGroup,
    filterPattern: FilterPattern.all(
      FilterPattern.stringValue('$.status', '=', '429'),
      FilterPattern.stringValue('$.function_status', '=', '-'),
    ),
    metricNamespace: 'Mooring',
    metricName: `${name} throttled`,
  });
  return [
    new Alarm(scope, 'ErrorsAlarm', {
      ...usual,
      alarmDescription: 'The API answers 5xx: look for the request ids in the access log',
      metric: stage.metricServerError({ statistic: 'sum' }),
      threshold: 5,
    }),
    new Alarm(scope, 'ThrottlesAlarm', {
      ...usual,
      alarmDescription: 'The stage rejects requests: raise `throttle` in the context',
      metric: throttled.metric({ statistic: 'sum' }),
      threshold: 1,
    }),
    new Alarm(scope, 'FunctionThrottlesAlarm', {
      ...usual,
      alarmDescription:
        'Lambda rejects invocations: the concurrency of the account in this region is used up',
      // Without dimensions, the metric is the sum over all functions; an alarm can add up at most ten metrics.
      metric: new Metric({ namespace: 'AWS/Lambda', metricName: 'Throttles', statistic: 'sum' }),
      threshold: 1,
    }),
  ];
};
