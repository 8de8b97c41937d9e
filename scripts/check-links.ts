/**
 * Checks that every relative link in a Markdown file of the tree leads to a file, and its anchor to a heading. Addresses
 * on other hosts are not looked at: a check must not depend on the network.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';

const FENCED_CODE = /^(```|~~~)[^]*?^\1\s*$/gm;
const INLINE_CODE = /`[^`\n]*`/g;
const LINK = /\]\(([^()\s]+)\)/g;
const HEADING = /^#{1,6}\s+(.+?)\s*$/gm;
const ON_ANOTHER_HOST = /^[a-z][a-z0-9+.-]*:/i;

function markdownFiles(): string[] {
  const list = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '*.md'], {
    encoding: 'utf8',
  });
  return list.split('\n').filter((file) => file !== '' && existsSync(file));
}

/** Anchors as GitHub makes them from headings; a heading that occurs again gets `-1`, `-2`, … */
function anchorsOf(file: string): ReadonlySet<string> {
  const anchors = new Set<string>();
  for (const [, heading = ''] of readFileSync(file, 'utf8').replace(FENCED_CODE, '').matchAll(HEADING)) {
    const text = heading.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1');
    const slug = text
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\p{M} _-]/gu, '')
      .replaceAll(' ', '-');
    let anchor = slug;
    for (let again = 1; anchors.has(anchor); again++) anchor = `${slug}-${again}`;
    anchors.add(anchor);
  }
  return anchors;
}

function brokenLinks(file: string): string[] {
  const text = readFileSync(file, 'utf8').replace(FENCED_CODE, '').replace(INLINE_CODE, '');
  return [...text.matchAll(LINK)]
    .map(([, link = '']) => link)
    .filter((link) => !ON_ANOTHER_HOST.test(link))
    .flatMap((link) => {
      const [path = '', anchor] = link.split('#', 2);
      const linked = path === '' ? file : normalize(join(dirname(file), decodeURI(path)));
      if (!existsSync(linked)) return [`${file}: ${link} leads to no file`];
      const lacksAnchor = anchor !== undefined && linked.endsWith('.md') && !anchorsOf(linked).has(anchor);
      return lacksAnchor ? [`${file}: ${linked} has no heading #${anchor}`] : [];
    });
}

const files = markdownFiles();
const findings = files.flatMap(brokenLinks);
for (const finding of findings) console.error(finding);
console.log(`links: ${files.length} Markdown files, ${findings.length} broken links`);
process.exitCode = findings.length === 0 ? 0 : 1;
