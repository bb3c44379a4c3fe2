import { checkWebhookUrl } from '../../shared/domain/webhooks/check-webhook-url.ts';
import { Problem } from '../../shared/problem.ts';

/** `accepted`, or what the field error expects. */
export const summarizeWebhookUrl = (url: string, egress: Readonly<Record<string, unknown>> = {}): string => {
  try {
    checkWebhookUrl(url, egress);
    return 'accepted';
  } catch (error) {
    if (error instanceof Problem) return error.extras.errors?.[0]?.expected ?? '';
    throw error;
  }
};
