import { emptyMemory, decide, layOutTasks, nothingObserved } from "@microscaling/engine";
for (const n of [100,1000,10000,100000]) {
  const tasks=Array.from({length:n},(_,i)=>({name:`t${i}`,priority:1+(i*7919)%50,min:1,max:20,maxDelta:20,uses:{},workload:{},metric:{source:"s",query:{},maxAgeMs:10000,failures:3,fallback:"hold" as const},
    target: i%10===9?{use:"remainder" as const}:{use:"queue" as const,length:50,kP:.04,kI:0,kD:1.25,velocitySamples:1}}));
  const table=layOutTasks(tasks,{instances:n*6});
  const obs=tasks.map(()=>({...nothingObserved(),countsProblem:undefined,noReading:undefined,counts:{running:5,starting:0,stopping:0,requested:5}}));
  let mem:any=emptyMemory(table);let now=0;let seed=1;const rnd=()=>(seed=(seed*1103515245+12345)%2147483648)/2147483648;
  const rounds=Math.max(20,Math.ceil(400000/n));const times=[];
  for(let r=0;r<rounds;r++){now+=500;for(const o of obs){o.reading={kind:"reading",value:Math.floor(rnd()*120),at:now};}
    const t=performance.now();const d=decide(table,obs,mem,now);times.push((performance.now()-t)*1000/n);mem=d.memory;}
  times.sort((a,b)=>a-b);console.log(n,'median us/task',times[times.length>>1].toFixed(3),'p90',times[Math.floor(times.length*.9)].toFixed(3));
}
