/* What a clinician does in the sandbox: node drive.js URL FOLDER; one line of JSON a step. */
const puppeteer = require('puppeteer-core');

const [url, orderUrl, folder] = process.argv.slice(2);
const say = (step, more) => console.log(JSON.stringify({ step, ...more }));

(async () => {
  const browser = await puppeteer.launch({
    executablePath: process.env.CHROMIUM || '/usr/bin/chromium',
    args: ['--no-sandbox', '--ignore-certificate-errors', '--disable-gpu'],
    acceptInsecureCerts: true,
  });
  const page = await browser.newPage();
  await page.setViewport({ width: 1400, height: 1600 });
  // Nothing leaves this machine: the sandbox also asks for services of its own.
  await page.setRequestInterception(true);
  page.on('request', (r) => {
    const local = ['localhost', '127.0.0.1'].includes(new URL(r.url()).hostname) || r.url().startsWith('data:');
    if (!local) { r.abort(); return; }
    r.continue();
    if (r.url().includes('/cds-services')) say('request', { method: r.method(), url: r.url() });
  });
  page.on('response', (r) => {
    if (r.url().includes('/cds-services')) say('response', { status: r.status(), method: r.request().method(), url: r.url() });
  });
  page.on('pageerror', (e) => say('page-error', { text: String(e).slice(0, 200) }));
  const click = (text) => page.evaluate((t) => {
    const b = [...document.querySelectorAll('button,li')].find((x) => x.innerText.trim().startsWith(t));
    if (b) b.click();
    return Boolean(b);
  }, text);
  const wait = (text) => page.waitForFunction((t) => document.body.innerText.includes(t), { timeout: 30000 }, text);
  const pause = (ms) => new Promise((r) => { setTimeout(r, ms); });

  await page.goto(url, { waitUntil: 'networkidle2', timeout: 60000 });
  await wait('Biopsy before any local salvage');
  say('card-shown', { text: (await page.evaluate(() => document.body.innerText)).match(/Prostate cancer: [^\n]*/)[0] });
  await page.screenshot({ path: folder + '/card.png', fullPage: true });
  const html = await page.content();
  say('rendered', { bold: html.includes('<strong>Biopsy before any local salvage.</strong>'), script: /<script>alert/.test(html) });
  say('accept', { clicked: await click('Prostate biopsy') });
  await pause(1500);

  await page.goto(url, { waitUntil: 'networkidle2', timeout: 60000 });
  await wait('Biopsy before any local salvage');
  await page.evaluate(() => document.querySelector('[aria-label="select dismiss reason"]').click());
  await pause(700);
  await page.screenshot({ path: folder + '/reasons.png' });
  say('dismiss', { clicked: await click('Override: Recommended action was already completed') });
  await pause(1500);
  await page.screenshot({ path: folder + '/dismissed.png' });
  say('after-dismissal', { gone: await page.evaluate(() => !document.querySelector('[aria-label="select dismiss reason"]')) });

  await page.goto(url, { waitUntil: 'networkidle2', timeout: 60000 });
  await pause(2000);
  say('opened-again', { shown: (await page.evaluate(() => document.body.innerText)).includes('Biopsy before any local salvage') });
  await page.goto(orderUrl, { waitUntil: 'networkidle2', timeout: 60000 });
  await pause(2000);
  await page.screenshot({ path: folder + '/order.png' });
  await browser.close();
})().catch((e) => { say('failed', { text: String(e).slice(0, 500) }); process.exit(1); });
