#!/usr/bin/env python3
"""A site's changes to the rule book and its sign-off: salvor, from outside."""
import json
import os
import re
import subprocess
import sys
import tempfile
import unittest

SALVOR = os.path.abspath(sys.argv.pop(1))
ROOT = os.environ['SALVOR_SOURCE_ROOT']
V004 = os.path.join(ROOT, 'tests/cases/vignettes-fhir/V004.json')


def run(*args):
    p = subprocess.run([SALVOR, *args], capture_output=True, text=True, timeout=60)
    return p.returncode, p.stdout, p.stderr


def evaluate(*args):
    return run('evaluate', '--as-of', '2026-05-01', '--recorded', '2026-05-01T08:00:00Z', *args, V004)


def quantity(value, code):
    return {'name': 'value', 'valueQuantity': {'value': value, 'unit': code, 'system': 'http://unitsofmeasure.org',
                                               'code': code}}


def change(name, key, word, *more, reason='tumour board 2026-10-01'):
    parts = [{'name': key, 'valueCode': word}, *more]
    if reason:
        parts.append({'name': 'reason', 'valueString': reason})
    return {'name': name, 'part': parts}


class Site(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def file(self, name, *parameters):
        path = os.path.join(self.folder.name, name + '.json')
        with open(path, 'w') as f:
            json.dump({'resourceType': 'Parameters', 'id': name, 'parameter': parameters}, f)
        return path

    def explain(self, *args):
        code, out, err = evaluate('--format', 'explain', *args)
        self.assertEqual((code, err), (0, ''))
        return json.loads(out)

    def test_a_change_is_made_and_shown(self):
        plain = self.explain()
        site = self.file('site', change('set', 'parameter', 'bcr_psa', quantity(0.6, 'ng/mL')),
                         change('switch-off', 'rule', 'PRO-EAU-01'))
        changed = self.explain('--site', site)
        self.assertNotEqual(plain['rule_set']['sha256'], changed['rule_set']['sha256'])
        self.assertEqual(changed['rule_set']['version'],
                         '0.1.0+site.' + changed['rule_set']['sha256'][:8])
        self.assertIn('PRO-EAU-01', [r['id'] for r in plain['rules']])
        self.assertNotIn('PRO-EAU-01', [r['id'] for r in changed['rules']])
        self.assertIs(plain['facts']['bcr_after_rp']['value'], True)
        self.assertIsNot(changed['facts']['bcr_after_rp'].get('value'), True)
        site = self.file('site', change('set', 'parameter', 'high_risk_psa', quantity(0.9, 'ng/mL')),
                         change('switch-off', 'rule', 'PRO-EAU-01'))
        for form in ('text', 'bundle'):
            out = ' '.join(evaluate('--format', form, '--site', site)[1].split())
            self.assertIn('parameter high_risk_psa changed from 0.7 to 0.9 ng/mL (tumour board 2026-10-01)', out)
            self.assertIn('rule PRO-EAU-01 switched off (tumour board 2026-10-01)', out)

    def test_the_hash_does_not_depend_on_the_place_of_the_file(self):
        one = self.file('site', change('switch-off', 'rule', 'PRO-EAU-01'))
        other = os.path.join(self.folder.name, 'elsewhere.json')
        with open(one, 'rb') as a, open(other, 'wb') as b:
            b.write(a.read())
        self.assertEqual(self.explain('--site', one), self.explain('--site', other))

    def test_a_change_that_cannot_be_made_stops_everything(self):
        for bad, hint in (
                (change('set', 'parameter', 'bcr', quantity(1, 'ng/mL')), "No parameter has the name 'bcr'"),
                (change('set', 'parameter', 'bcr_psa', quantity(1, 'mo')), "the code 'ng/mL'"),
                (change('set', 'parameter', 'bcr_psa', quantity(1, 'ng/mL'), reason=''), "'reason'"),
                (change('set', 'parameter', 'bcr_psa'), "'value'"),
                (change('switch-off', 'rule', 'PRO-XX-99'), "No rule has the id 'PRO-XX-99'"),
                ({'name': 'swich-off'}, "'switch-off'")):
            code, out, err = evaluate('--site', self.file('site', bad))
            self.assertEqual((code, out), (3, ''), hint)
            self.assertIn(hint, err)
            self.assertIn('site.json.parameter[0]', err)

    def sign(self, sha256):
        return self.file('sign-off', {'name': 'by', 'valueString': 'Dr A. Example'},
                         {'name': 'on', 'valueInstant': '2026-11-24T08:00:00Z'},
                         {'name': 'sha256', 'valueString': sha256})

    def test_a_sign_off_holds_for_its_hash_only(self):
        plain = self.explain()
        self.assertIs(plain['rule_set']['draft'], True)
        signed = self.sign(plain['rule_set']['sha256'])
        rules = self.explain('--sign-off', signed)['rule_set']
        self.assertEqual((rules['draft'], rules['signed_off_by'], rules['sha256']),
                         (False, 'Dr A. Example', plain['rule_set']['sha256']))
        for form in ('text', 'bundle'):
            out = ' '.join(evaluate('--format', form, '--sign-off', signed)[1].split())
            self.assertIn('(signed off by Dr A. Example, 2026-11-24T08:00:00Z)', out)
            self.assertNotIn('not signed off', out)
        site = self.file('site', change('switch-off', 'rule', 'PRO-EAU-01'))
        self.assertIs(self.explain('--sign-off', signed, '--site', site)['rule_set']['draft'], True)
        out = ' '.join(evaluate('--format', 'text', '--sign-off', signed, '--site', site)[1].split())
        self.assertIn('not signed off: changed since the sign-off by Dr A. Example', out)

    def test_drafts_can_be_kept_out(self):
        site = self.file('site', {'name': 'draft-rules', 'valueCode': 'off'})
        code, out, err = evaluate('--site', site)
        self.assertEqual((code, out), (3, ''))
        self.assertIn('no rule is', err)
        on = self.file('site', {'name': 'draft-rules', 'valueCode': 'on'})
        self.assertIs(self.explain('--site', on)['rule_set']['draft'], True)

    def test_the_rule_book_signs_itself(self):
        code, out, err = run('rules', '--sign', 'Dr "A" Example', '--recorded', '2026-11-24T08:00:00Z')
        self.assertEqual((code, err), (0, ''))
        path = os.path.join(self.folder.name, 'signed.json')
        with open(path, 'w') as f:
            f.write(out)
        off = self.file('site', {'name': 'draft-rules', 'valueCode': 'off'})
        self.assertIs(self.explain('--sign-off', path)['rule_set']['draft'], False)
        self.assertEqual(evaluate('--sign-off', path, '--site', off)[0], 3, 'a site file changes the hash')
        sha256 = run('rules', '--site', self.file('site', {'name': 'draft-rules', 'valueCode': 'on'}), '--sign', 'x')
        self.assertNotEqual(json.loads(sha256[1])['parameter'][2], json.loads(out)['parameter'][2])


class Check(unittest.TestCase):
    as_of = '2026-12-01'

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()

    def tearDown(self):
        self.folder.cleanup()

    def copy(self, *edits):
        """A copy of conf/ with the texts of ${edits} replaced: (file, old, new)."""
        import shutil
        conf = os.path.join(self.folder.name, 'conf')
        shutil.copytree(os.path.join(ROOT, 'conf'), conf, symlinks=False,
                        ignore=shutil.ignore_patterns('cases'))
        for name, old, new in edits:
            path = os.path.join(conf, 'rules', name)
            with open(path) as f:
                text = f.read()
            self.assertIn(old, text)
            with open(path, 'w') as f:
                f.write(text.replace(old, new, 1))
        return run('check', '--as-of', self.as_of, '--conf', conf, '--cases', os.path.join(ROOT, 'tests/cases'))

    def test_the_rule_book_is_clean(self):
        code, out, err = self.copy()
        self.assertEqual((code, err), (0, ''), out)
        self.assertIn('no errors, 0 warnings; 125 cases, 0 changed', out)

    def test_an_edited_parameter_shows_what_changed(self):
        code, out, _ = self.copy(('parameters.json', '"value": 0.7', '"value": 0.71'))
        self.assertEqual(code, 3)
        self.assertRegex(out, r'case V\d+: PRO-RP-03 was fires, is now silent')

    def test_a_review_that_is_due_is_a_warning(self):
        self.as_of = '2027-11-25'
        code, out, _ = self.copy()
        self.assertEqual(code, 0)
        self.assertIn('was to be reviewed by 2027-11-24', out)
        self.assertIn('1 warnings', out)

    def test_lints(self):
        for edit, hint in (
                (('lymphoma.json', '"%lymphoma and ', '"%lymphoma and %lymphoma.not() and '),
                 'No combination of facts'),
                (('lymphoma.json', 'Transplant centre assessment.', 'Start 40 Gy.'), "says 'gy'"),
                (('lymphoma.json', 'Transplant centre assessment.', 'Start it.'), "says 'start'"),
                (('lymphoma.json', '"S16"', '"S99"'), 'no source statement S99')):
            code, out, _ = self.copy(edit)
            self.assertEqual(code, 3)
            self.assertIn(hint, out)
            self.folder.cleanup()
            self.folder = tempfile.TemporaryDirectory()


class Token(unittest.TestCase):
    def test_a_token_file_that_others_can_read_is_refused(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, 'token')
            with open(path, 'w') as f:
                f.write('secret')
            for mode, refused in ((0o644, True), (0o640, True), (0o620, True), (0o600, False), (0o400, False)):
                os.chmod(path, mode)
                code, _, err = run('evaluate', '--as-of', '2026-05-01', '--post', 'https://127.0.0.1:1/fhir',
                                   '--token-file', path, V004)
                self.assertEqual('chmod 600' in err, refused, oct(mode))
                self.assertEqual(code, 3 if refused else 4)


class Manual(unittest.TestCase):
    def test_help_and_manual_know_the_same_options(self):
        with open(os.path.join(ROOT, 'adapter/man/salvor.1')) as f:
            manual = set(re.findall(r'^\.It Fl Fl ([a-z-]+)', f.read(), re.M))
        self.assertEqual(manual, set(re.findall(r'--([a-z][a-z-]*)', run('--help')[1])))


class Book(unittest.TestCase):
    def test_every_rule_is_told_in_every_form(self):
        with open(os.path.join(ROOT, 'tests/cases/rule-book/rules.json')) as f:
            ids = [r['id'] for r in json.load(f)['rules']]
        for form in ('text', 'md', 'html'):
            code, out, err = run('rules', '--format', form, '--cases', os.path.join(ROOT, 'tests/cases'))
            self.assertEqual((code, err), (0, ''))
            for rule in ids:
                self.assertRegex(out, rule + ' +[A-Z]')
            self.assertEqual(out.count('Cases in which it fires'), len(ids))
            self.assertNotIn('NOT COVERED', out)
            self.assertIn('not signed off', out)

    def test_a_condition_is_in_words(self):
        out = ' '.join(run('rules')[1].split())
        self.assertIn('When: prostate cancer that is not castration-resistant AND radical prostatectomy as primary '
                      'treatment AND biochemical recurrence after prostatectomy AND no distant metastasis', out)
        self.assertIn('biopsy-confirmed local recurrence is not known', out)

    def test_html_is_well_formed(self):
        import xml.dom.minidom
        out = run('rules', '--format', 'html')[1]
        body = out[out.index('<body>'):out.index('</html>')]
        xml.dom.minidom.parseString(body)
        self.assertNotIn('<script', out)

    def test_a_statement_without_a_rule_is_seen(self):
        with tempfile.TemporaryDirectory() as folder:
            site = os.path.join(folder, 'site.json')
            with open(site, 'w') as f:
                json.dump({'resourceType': 'Parameters', 'id': 'site', 'parameter': [
                    change('switch-off', 'rule', 'LYM-01')]}, f)
            out = ' '.join(run('rules', '--site', site)[1].split())
        self.assertIn('S16: NOT COVERED', out)
        self.assertIn('rule LYM-01 switched off', out)


if __name__ == '__main__':
    unittest.main()
