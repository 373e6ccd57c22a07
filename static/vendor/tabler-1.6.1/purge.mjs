import { PurgeCSS } from 'purgecss';
import { transform, browserslistToTargets } from 'lightningcss';
import fs from 'fs'; import zlib from 'zlib';
const words = fs.readFileSync('classes.txt','utf8').split('\n').map(l=>l.replace(/#.*/,'')).join(' ').split(/\s+/).filter(Boolean);
const exact = new Set(words);
const pattern = words.filter(w=>w.includes('*')).map(w=>new RegExp('^'+w.replace(/\*/g,'[\\w-]*')+'$'));
const css = fs.readFileSync('package/dist/css/tabler.css','utf8');
const [r] = await new PurgeCSS().purge({
  content:[{raw: words.filter(w=>!w.includes('*')).join(' '), extension:'html'}],
  css:[{raw:css}], safelist:{standard: pattern, greedy:[], variables: [/^--tblr-(primary|body|border|bg|secondary|muted|link|danger|success|warning|red|green|font|card|active|gray)/]},
  variables:true, keyframes:true, fontFace:true,
  dynamicAttributes:['data-bs-theme','type','disabled','readonly','multiple','size','open','hidden'],
});
let out = transform({filename:'t.css', code:Buffer.from(r.css), minify:true, targets:{chrome:125<<16, safari:(17<<16)|(5<<8), firefox:(128<<16)}}).code.toString();
const head = '/*! Tabler 1.6.1 (MIT), purged subset. See ../README.md */\n';
fs.writeFileSync('tabler-subset.css', head+out);
console.log(out.length, zlib.gzipSync(out,{level:9}).length);
