import { createHash } from 'node:crypto';
import { Script } from 'node:vm';
import { describe, expect, test } from '@jest/globals';
import { buildDocsPage } from '../../infra/build/docs-page.ts';

describe('the page of the API', () => {
  test('loads nothing from elsewhere', async () => {
    const page = await buildDocsPage();
    const markup = page.replaceAll(/<(script|style)>[^]*?<\/\1>/g, '');
    expect(markup).not.toMatch(/https?:|src=|@import/);
    expect(page).not.toMatch(/sourceMappingURL=/);
  });

  test('runs just the scripts and styles whose hash its policy names', async () => {
    const page = await buildDocsPage();
    const [, policy = ''] = /Content-Security-Policy" content="([^"]+)"/.exec(page) ?? [];
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toMatch(/unsafe|\*|https?:/);
    const parts = [...page.matchAll(/<(script|style)>([^]*?)<\/\1>/g)];
    expect(parts.map(([, kind]) => kind)).toEqual(['style', 'script', 'script']);
    for (const [, kind, text = ''] of parts) {
      const hash = createHash('sha256').update(text).digest('base64');
      const rule = policy.split('; ').find((one) => one.startsWith(`${kind}-src`));
      expect(rule).toContain(`'sha256-${hash}'`);
    }
  });

  test('its scripts are JavaScript still, after what would end their element is escaped', async () => {
    const [, script = ''] = /<script>([^]*?)<\/script>/.exec(await buildDocsPage()) ?? [];
    expect(script.length).toBeGreaterThan(1_000_000);
    expect(() => new Script(script)).not.toThrow(); // compiles it and runs nothing
  });
});
