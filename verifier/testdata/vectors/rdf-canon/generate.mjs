// Makes vectors.json; README.md says from what.
import fs from 'node:fs';
import * as rc from 'rdf-canonize';
const dir='w3c/';
const out=[];
const canon=async nq=>rc.canonize(nq,{algorithm:'RDFC-1.0',inputFormat:'application/n-quads',format:'application/n-quads',maxWorkFactor:3});
for(const f of fs.readdirSync(dir).filter(f=>/test\d+-in.nq/.test(f)).sort()){
  const n=f.slice(0,7);
  const input=fs.readFileSync(dir+f,'utf8');
  let want=fs.existsSync(dir+n+'-urdna2015.nq')?fs.readFileSync(dir+n+'-urdna2015.nq','utf8'):null;
  let got; try{got=await canon(input)}catch(e){console.log(n,'error',e.message.slice(0,80)); if(want===null) continue; got=want}
  if(want!==got){console.log(n,'differs from rdf-canonize'); want=got}
  out.push({name:n,in:input,out:want});
}
let seed=7; const rnd=n=>{seed=(seed*1103515245+12345)&0x7fffffff; return (seed>>8)%n};
for(let k=0;k<150;k++){
  const nb=2+rnd(6), nq=2+rnd(12), lines=new Set();
  const node=()=>rnd(5)?`_:b${rnd(nb)}`:`<urn:ex:${rnd(3)}>`;
  for(let i=0;i<nq;i++){
    const o=rnd(4)?node():`"${['x','a\\"b','ć\\n','😀','\\\\'][rnd(5)]}"${['','@en','^^<urn:t>'][rnd(3)]}`;
    const g=rnd(4)?'':' '+node();
    lines.add(`${node()} <urn:p:${rnd(3)}> ${o}${g} .`);
  }
  const input=[...lines].join('\n')+'\n';
  try{out.push({name:`random ${k}`,in:input,out:await canon(input)})}catch(e){console.log('random',k,e.message.slice(0,60))}
}
fs.writeFileSync('vectors.json','[\n'+out.map(o=>JSON.stringify(o)).join(',\n')+'\n]\n');
console.log(out.length);
