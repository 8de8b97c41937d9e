import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Plugin } from 'vite';
import { defineConfig, type MarkdownOptions } from 'vitepress';

/** The Markdown files are those that GitHub shows, where they are; nothing is copied. */
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const NO_PAGES = ['.github', 'bench', 'db', 'node_modules', 'reports', 'site', 'tests', 'web-client'];
const ELSEWHERE = /^([a-z][a-z0-9+.-]*:|#|\/)/i;
const REPOSITORY = repositoryUrl();

/** Titles and addresses in the sidebar, by their group. */
const PAGES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'Run it': {
    Postline: '/',
    'Running Postline': '/docs/running',
    Configuration: '/docs/configuration',
    'Command line': '/docs/command-line',
    Operating: '/docs/operating',
    Tracing: '/docs/tracing',
    Kubernetes: '/docs/kubernetes',
    'Database connection': '/docs/database-connection',
    'Rights in the database': '/docs/database-rights',
    'Database topologies': '/docs/topologies',
    Scaling: '/docs/scaling',
    'Restoring a backup': '/docs/restoring-a-backup',
    Security: '/SECURITY',
    'Threats and checklist': '/docs/security',
  },
  'Build on it': {
    Examples: '/examples/',
    'Client library': '/packages/client-sdk/',
    'React and Vue': '/docs/react-and-vue',
    Protocol: '/docs/protocol',
    Groups: '/docs/groups',
    'Publishing from SQL': '/docs/publishing-from-sql',
    Contributing: '/CONTRIBUTING',
    Changelog: '/CHANGELOG',
  },
  'Understand it': {
    Architecture: '/docs/ARCHITECTURE',
    Specification: '/docs/SPEC',
    Glossary: '/docs/GLOSSARY',
    Decisions: '/docs/decisions/',
    Reliability: '/docs/reliability',
    Performance: '/docs/performance',
    'Beside others': '/docs/comparison',
  },
};
/** At the top of every page: where to begin in each group. */
const FIRST_PAGES = {
  'Run it': '/docs/running',
  'Build on it': '/docs/protocol',
  'Understand it': '/docs/ARCHITECTURE',
};

/** On GitHub the repository that is built; else the one that the client library names. */
function repositoryUrl(): string {
  const { GITHUB_SERVER_URL, GITHUB_REPOSITORY } = process.env;
  if (GITHUB_REPOSITORY !== undefined) return `${GITHUB_SERVER_URL}/${GITHUB_REPOSITORY}`;
  const { repository } = JSON.parse(readFileSync(join(ROOT, 'packages/client-sdk/package.json'), 'utf8'));
  return repository?.url.replace(/^git\+|\.git$/g, '') ?? 'https://github.com/postline/postline';
}

/** `docs/decisions/README.md` becomes `docs/decisions/index.md`, as the page of its folder. */
const pageOf = (file: string): string => file.replace(/(^|\/)README\.md$/, '$1index.md');

/** Where a link of `page` leads on the site: to a page, or else to the file in the repository. */
function siteLink(link: string, page: string): string {
  const [path = '', anchor] = link.split('#', 2);
  const linked = join(dirname(page), decodeURI(path));
  const isFolder = existsSync(linked) && statSync(linked).isDirectory();
  const readme = join(linked, 'README.md');
  const file = isFolder && existsSync(readme) ? readme : linked;
  const inRepository = relative(ROOT, file);
  const isPage = file.endsWith('.md') && !NO_PAGES.includes(inRepository.split('/')[0] ?? '');
  if (!isPage) return `${REPOSITORY}/${isFolder ? 'tree' : 'blob'}/main/${inRepository}`;
  const url = `/${pageOf(inRepository).replace(/(index)?\.md$/, '')}`;
  return anchor === undefined ? url : `${url}#${anchor}`;
}

const useSiteLinks: MarkdownOptions['config'] = (markdown) => {
  markdown.core.ruler.push('site-links', ({ tokens, env }) => {
    const links = tokens.flatMap((token) => token.children ?? []).filter(({ type }) => type === 'link_open');
    for (const link of links) {
      const address = link.attrGet('href') ?? '';
      if (!ELSEWHERE.test(address)) link.attrSet('href', siteLink(address, env.path));
    }
  });
};

/** The pages are outside of this folder, where there is no Vue. */
const VUE_OF_THIS_FOLDER: Plugin = {
  name: 'vue-of-this-folder',
  enforce: 'pre',
  resolveId(name, _importer, { ssr }) {
    if (!/^vue(\/|$)/.test(name)) return null;
    // While the pages are rendered, Node finds it: the bundle is in this folder.
    return ssr
      ? { id: name, external: true }
      : this.resolve(name, fileURLToPath(import.meta.url), { skipSelf: true });
  },
};

export default defineConfig({
  title: 'Postline',
  description: 'Messages over HTTP to clients that receive every one of them, in order, when they return.',
  lang: 'en',
  srcDir: ROOT,
  srcExclude: NO_PAGES.map((folder) => `${folder}/**`),
  outDir: 'dist',
  rewrites: pageOf,
  cleanUrls: true,
  ignoreDeadLinks: 'localhostLinks', // of the reader's own machine
  markdown: { config: useSiteLinks, anchor: { slugify: githubAnchor } },
  vite: { plugins: [VUE_OF_THIS_FOLDER] },
  themeConfig: {
    search: { provider: 'local' },
    outline: [2, 3],
    nav: linksTo({ ...FIRST_PAGES, Repository: REPOSITORY }),
    sidebar: sidebar(),
  },
});

function sidebar() {
  return Object.entries(PAGES).map(([text, pages]) => ({ text, items: linksTo(pages) }));
}

function linksTo(pages: Readonly<Record<string, string>>) {
  return Object.entries(pages).map(([text, link]) => ({ text, link }));
}

/** Anchors as GitHub makes them, so that one link is right in both places. */
function githubAnchor(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\p{M} _-]/gu, '')
    .replaceAll(' ', '-');
}
