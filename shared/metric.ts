/**
 * Creates fields of a log line that CloudWatch also counts as a metric, without an API call.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
 */
export const createMetricFields = (
  name: string,
  value: number,
  timestamp: number,
): Record<string, unknown> => ({
  [name]: value,
  _aws: {
    Timestamp: timestamp,
    CloudWatchMetrics: [{ Namespace: 'Mooring', Dimensions: [[]], Metrics: [{ Name: name, Unit: 'Count' }] }],
  },
});
