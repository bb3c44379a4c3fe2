import { createHash } from 'node:crypto';
import { Script } from 'node:vm';
import { describe, expect, test } from '@jest/globals';
import { buildDocsPage } from '../../infra/build/docs-page.ts';

describe('API documentation page', () => {
  test('loads nothing from other origins', async () => {
    const page = await buildDocsPage();
    const markup = page.replaceAll(/<(script|style)>[^]*?<\/\1>/g, '');
    expect(markup).not.toMatch(/https?:|src=|@import/);
    expect(page).not.toMatch(/sourceMappingURL=/);
  });

  test('allows only the scripts and styles whose hash is in its policy', async () => {
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

  test('has valid JavaScript after the end tags in its scripts are escaped', async () => {
    const [, script = ''] = /<script>([^]*?)<\/script>/.exec(await buildDocsPage()) ?? [];
    expect(script.length).toBeGreaterThan(1_000_000);
    expect(() => new Script(script)).not.toThrow(); // compiles without running it
  });
});
