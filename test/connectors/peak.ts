import { readFileSync } from 'node:fs';

/** The most memory that this process had. Linux keeps the peak of what runs now; elsewhere it may begin with its parent's. */
export const readPeakMb = (): number => {
  const kilobytes =
    process.platform === 'linux'
      ? /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]
      : process.resourceUsage().maxRSS;
  return Math.ceil(Number(kilobytes) / 1024);
};
