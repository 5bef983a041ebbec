#!/usr/bin/python3
"""The pages in Chromium.  usage: test_chromium.py SALVOR; 77 without Chromium

No page is wider than a phone, no label of a curve stands on another or out of
the drawing, nothing is complained of, nothing is fetched.
"""
import json
import os
import subprocess
import sys
import tempfile
import unittest

import chromium

SALVOR = sys.argv.pop(1)
ROOT = os.environ['SALVOR_SOURCE_ROOT']
CASES = os.path.join(ROOT, 'tests/cases/vignettes-fhir')

# Labels of the drawings that are shown: pairs that overlap, and those outside or too small to read.
LABELS = '''(() => {
    const bad = [];
    for (const svg of document.querySelectorAll('svg[role=img]')) {
        const frame = svg.getBoundingClientRect();
        if (frame.width === 0) continue;
        const boxes = [...svg.querySelectorAll('text')].map(
            t => [t.textContent, t.getBoundingClientRect(), t.hasAttribute('transform')]);
        boxes.forEach(([name, a, turned], i) => {
            if (a.left < frame.left - 1 || a.right > frame.right + 1 || a.top < frame.top - 1
                || a.bottom > frame.bottom + 1) bad.push('outside: ' + name);
            if ((turned ? a.width : a.height) < 9) bad.push('small: ' + name);
            for (const [other, b] of boxes.slice(i + 1))
                if (a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 4 && b.top < a.bottom - 4)
                    bad.push(name + ' / ' + other);
        });
    }
    return bad;
})()'''
WIDE = '''document.documentElement.scrollWidth'''
FOCUS = '''[...document.querySelectorAll('a, summary, [tabindex]')].filter(e => e.tabIndex < 0).length'''


class Pages(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.browser = chromium.Chromium()
        with open(os.path.join(ROOT, 'tests/cases/vignettes.json')) as f:
            as_of = {v['id']: v['reference_date'] for v in json.load(f)['vignettes']}
        cls.pages = [cls.write(n, 'evaluate', '--as-of', d, '%s/%s.json' % (CASES, n)) for n, d in as_of.items()]
        cls.pages.append(cls.write('rules', 'rules', '--cases', os.path.join(ROOT, 'tests/cases')))
        cls.pages.append(cls.write('measure', 'measure', '--as-of', '2026-05-01', '--from', '2010-01-01', CASES))

    @classmethod
    def tearDownClass(cls):
        cls.browser.close()
        cls.folder.cleanup()

    @classmethod
    def write(cls, name, command, *args):
        path = os.path.join(cls.folder.name, name + '.html')
        with open(path, 'wb') as out:
            subprocess.run([SALVOR, command, '--format', 'html', *args], stdout=out, check=True, timeout=60)
        return path

    def check(self, pixels):
        labels = []
        self.browser.width(pixels)
        for path in self.pages:
            self.browser.open(path)
            name = os.path.basename(path)
            self.browser.run('document.querySelectorAll("details").forEach(d => d.open = true)')
            self.assertLessEqual(self.browser.run(WIDE), pixels, name)
            labels += [(name, bad) for bad in self.browser.run(LABELS)]
            self.assertEqual(self.browser.run(FOCUS), 0, name)
            seen = [e for e in self.browser.events if e.get('method') in (
                'Log.entryAdded', 'Runtime.consoleAPICalled', 'Runtime.exceptionThrown')]
            self.assertEqual(seen, [], name)
            fetched = [e['params']['request']['url'] for e in self.browser.events
                       if e.get('method') == 'Network.requestWillBeSent']
            self.assertEqual([os.path.basename(u) for u in fetched], [name])
        self.assertEqual(labels, [])

    def test_phone(self):
        self.check(390)

    def test_small_phone(self):
        """WCAG 2.2, 1.4.10: no scrolling in two directions at 320 pixels."""
        self.check(320)

    def test_desktop(self):
        self.check(1280)

    def test_the_probe_sees(self):
        """Labels that overlap, a page that is wide and something fetched are found."""
        path = os.path.join(self.folder.name, 'bad.html')
        with open(path, 'w') as f:
            f.write('<!DOCTYPE html><svg role="img" width="600" height="40"><text y="20">abc</text>'
                    '<text y="20" x="5">def</text><text x="590" y="20">ghi</text></svg><img src="missing.png">')
        self.browser.width(390)
        self.browser.open(path)
        self.assertGreater(self.browser.run(WIDE), 390)
        self.assertEqual(sorted(self.browser.run(LABELS)), ['abc / def', 'outside: ghi'])
        self.assertTrue([e for e in self.browser.events if e.get('method') == 'Log.entryAdded'])


if __name__ == '__main__':
    if chromium.find() is None:
        print('Chromium is not installed')
        sys.exit(77)
    unittest.main()
