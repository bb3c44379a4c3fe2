// Reads repeatedly and prints one line of JSON: what was found, and the median and minimum in ms. Then it
// ends the process, even if the reader left something open.
export const tellTimes = async (read, runs) => {
  const times = [];
  let found;
  for (let run = Number(runs); run > 0; run--) {
    const began = performance.now();
    found = await read();
    times.push(performance.now() - began);
  }
  times.sort((a, b) => a - b);
  console.log(
    JSON.stringify({
      ...found,
      median_ms: Number(times[times.length >> 1].toFixed(1)),
      min_ms: Number(times[0].toFixed(1)),
      rss_mb: Math.round(process.resourceUsage().maxRSS / 1024),
    }),
  );
  process.exit();
};
