use engine::chat::*;
use std::time::Instant;
fn rss(k:&str)->String{ std::fs::read_to_string("/proc/self/status").unwrap().lines().find(|l|l.starts_with(k)).unwrap().split_whitespace().nth(1).unwrap().to_string()}
fn cpu()->f64{ let s=std::fs::read_to_string("/proc/self/stat").unwrap(); let v:Vec<&str>=s.rsplit(')').next().unwrap().split_whitespace().collect(); (v[11].parse::<f64>().unwrap()+v[12].parse::<f64>().unwrap())/100.0}
async fn one(chat:&Chat, text:String, max:u32)->(u64,f64,f64,u32,String){
    let p=chat.prompt(vec![Turn{role:"user",content:text}],Some(max)).unwrap(); let n=p.tokens();
    let t=Instant::now();
    let mut g=chat.begin(p,Settings{temperature:0.0,top_p:1.0,seed:None,stop:vec![]}).await.unwrap();
    let mut first=0.0; let mut out=String::new();
    loop { match g.next().await { Piece::Text(x)=>{ if first==0.0 {first=t.elapsed().as_secs_f64()} out+=&x }, Piece::End(e)=>{ let total=t.elapsed().as_secs_f64(); return (n,first,(e.tokens as f64-1.0)/(total-first),e.tokens,out)}, Piece::Failed(f)=>panic!("{f}") } }
}
#[tokio::main]
async fn main() {
    let t=Instant::now();
    let chat=Chat::open("/tmp/scratch/models".as_ref(), &engine::catalog::CHAT).unwrap();
    println!("threads {} load {:.2}s cpu {:.2} rss {} peak {}", candle_core::utils::get_num_threads(), t.elapsed().as_secs_f64(), cpu(), rss("VmRSS"), rss("VmHWM"));
    println!("load avg {}", std::fs::read_to_string("/proc/loadavg").unwrap().trim());
    let c=cpu(); println!("{:?}", one(&chat,"What is the capital of France?".into(),64).await); println!("cpu {:.2}",cpu()-c);
    let long="Write a very long story about a fox and a hen. ".to_string();
    let c=cpu(); let r=one(&chat,long.clone(),200).await; println!("decode200 prompt {} ttft {:.3} tok/s {:.1} n {} cpu/tok {:.1}ms",r.0,r.1,r.2,r.3,(cpu()-c)*1000.0/r.3 as f64);
    let p=long.repeat(38); let c=cpu(); let r=one(&chat,p,2).await; println!("prefill prompt {} ttft {:.3} -> {:.0} tok/s cpu {:.2}",r.0,r.1,r.0 as f64/r.1,cpu()-c);
    let p=long.repeat(80); let r=one(&chat,p,100).await; println!("at ~1k: prompt {} ttft {:.3} decode {:.1} n {}",r.0,r.1,r.2,r.3);
    let p=long.repeat(240); let r=one(&chat,p,50).await; println!("at ~3k: prompt {} ttft {:.3} decode {:.1} n {}",r.0,r.1,r.2,r.3);
    let c=cpu(); let t=Instant::now(); let (a,b)=tokio::join!(one(&chat,long.clone(),200),one(&chat,long.clone()+"Begin.",200)); let n=a.3+b.3;
    println!("two: {:.1} {:.1} tok/s, total {:.1} tok/s, cpu/tok {:.1}ms",a.2,b.2,n as f64/t.elapsed().as_secs_f64(),(cpu()-c)*1000.0/n as f64);
    println!("rss {} peak {} load avg {}", rss("VmRSS"), rss("VmHWM"), std::fs::read_to_string("/proc/loadavg").unwrap().trim());
}
