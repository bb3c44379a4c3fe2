import { readFileSync } from 'node:fs';

/**
 * The peak memory of this process. Linux reports the peak of the current program; on other systems the value
 * may include the peak of the parent process.
 */
export const readPeakMb = (): number => {
  const kilobytes =
    process.platform === 'linux'
      ? /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]
      : process.resourceUsage().maxRSS;
  return Math.ceil(Number(kilobytes) / 1024);
};
