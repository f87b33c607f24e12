//! A graph rendered block by block, with events by absolute frame.
use chronus::dsp::{BLOCK, transport::Transport};
use chronus::graph::{Block, Change, Graph, GraphEvent};
use chronus::modules::module::TimeCx;

pub fn rendered(
    graph: &mut Graph,
    rate: f32,
    from: u64,
    blocks: usize,
    events: &[(u64, Change)],
    input: Option<&dyn Fn(u64) -> [f32; 2]>,
) -> Vec<[f32; 2]> {
    let mut heard = Vec::new();
    for block in 0..blocks {
        let frame = from + (block * BLOCK) as u64;
        let inside = |at: &u64| (frame..frame + BLOCK as u64).contains(at);
        let due = events.iter().filter(|(at, _)| inside(at));
        let due: Vec<GraphEvent> = due
            .map(|(at, change)| GraphEvent {
                offset: (at - frame) as usize,
                change: *change,
            })
            .collect();
        let comes_in = input.map(|at| std::array::from_fn(|i| at(frame + i as u64)));
        let mut out = [[0.0; 2]; BLOCK];
        let time = TimeCx::steady(Transport::new(rate as f64, 120.0));
        graph.render(
            &Block {
                frame,
                time,
                events: &due,
                input: comes_in.as_ref(),
            },
            &mut out,
        );
        heard.extend(out);
    }
    heard
}
