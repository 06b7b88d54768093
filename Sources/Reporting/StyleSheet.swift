/// The style of the report on light and dark screens, narrow screens and paper.
///
/// Colour alone conveys nothing. The contrasts are at least 4.5:1 for text.
enum StyleSheet {
    static let text: StaticString = """
        :root{color-scheme:light dark;--ink:#18212b;--dim:#566270;--paper:#fff;--panel:#f4f6f8;\
        --line:#d5dbe2;--open:#1b6d8c;--open-soft:#1b6d8c33;--good:#176439;--warn:#8a4f00;--bad:#a8201a}
        @media (prefers-color-scheme:dark){:root{--ink:#e8edf2;--dim:#a5b1bf;--paper:#11161c;\
        --panel:#1a212a;--line:#323d4a;--open:#5fb9d6;--open-soft:#5fb9d633;--good:#7fd6a0;\
        --warn:#f0b45c;--bad:#ff8f86}}
        *{box-sizing:border-box}
        body{margin:0 auto;padding:2.5rem 1.5rem 4rem;max-width:76rem;background:var(--paper);\
        color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI","Noto Sans","DejaVu Sans",sans-serif;\
        font-variant-numeric:tabular-nums;overflow-wrap:break-word}
        .skip{position:absolute;left:-99rem}.skip:focus{left:1rem;top:1rem;background:var(--paper);padding:.5rem}
        a{color:var(--open)}
        :focus-visible{outline:2px solid var(--open);outline-offset:2px}
        header{border-bottom:2px solid var(--ink);padding-bottom:1rem;margin-bottom:2rem}
        .kicker{margin:0;color:var(--dim);text-transform:uppercase;letter-spacing:.08em;font-size:.8rem;font-weight:600}
        h1{margin:.1rem 0 .2rem;font-size:2rem;line-height:1.2;letter-spacing:-.01em}
        .period{margin:0 0 .8rem;color:var(--dim)}
        nav{display:flex;flex-wrap:wrap;gap:.3rem 1.2rem;margin-top:1rem}
        nav a{text-decoration:none}nav a:hover{text-decoration:underline}
        .badge{display:inline-block;margin:0;padding:.15rem .7rem;border:2px solid;border-radius:99px;font-weight:600}
        .badge a{color:inherit;text-decoration:none}
        .good{color:var(--good)}.warn{color:var(--warn)}.bad{color:var(--bad)}.dim{color:var(--dim)}
        section{margin-bottom:3rem}
        h2{margin:0 0 1rem;font-size:1.35rem;letter-spacing:-.01em}
        h3{margin:1.6rem 0 .5rem;font-size:1.05rem}h4{margin:1.1rem 0 .3rem;font-size:.95rem}
        .tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(10rem,1fr));gap:.8rem;margin:0 0 1.6rem}
        .tiles div{background:var(--panel);border:1px solid var(--line);border-radius:8px;padding:.8rem 1rem}
        .tiles dt{color:var(--dim);font-size:.85rem}
        .tiles dd{margin:0}.tiles .value{font-size:1.8rem;font-weight:650;line-height:1.2}
        .tiles .note{color:var(--dim);font-size:.8rem}
        .wide{overflow-x:auto}
        table{border-collapse:collapse;width:100%;font-size:.87rem}
        caption{text-align:left;color:var(--dim);padding:.3rem 0;font-size:.85rem}
        th,td{text-align:left;vertical-align:top;padding:.45rem .8rem .45rem 0;border-bottom:1px solid var(--line);max-width:24rem}
        thead th{border-bottom:2px solid var(--ink);font-size:.8rem;white-space:nowrap}
        tbody th{font-weight:500;min-width:5.2rem}td code,th code{display:block;min-width:11.6em;max-width:18rem;overflow-wrap:anywhere}
        td.n,th.n{text-align:right;padding-right:1.6rem}
        time,.whole{white-space:nowrap}td b{overflow-wrap:anywhere}td b.mark{display:block;min-width:8rem;overflow-wrap:break-word}
        small{display:block;color:var(--dim);font-size:.8rem}
        small.warn{color:var(--warn);font-weight:600}
        code,pre{font-family:ui-monospace,"DejaVu Sans Mono",monospace;font-size:.8rem}
        pre{background:var(--panel);border:1px solid var(--line);border-radius:8px;padding:.8rem 1rem;overflow-x:auto;\
        overflow-wrap:normal}
        details{border-top:1px solid var(--line)}
        summary{cursor:pointer;padding:.5rem 0;color:var(--dim)}summary b{color:var(--ink);font-weight:600}
        .facts{display:grid;grid-template-columns:max-content minmax(0,1fr);gap:.2rem 1.2rem;margin:1rem 0}
        .facts dt{color:var(--dim)}.facts dd{margin:0;overflow-wrap:anywhere}
        .legend{display:flex;flex-wrap:wrap;gap:.2rem 1.4rem;padding:0;margin:.8rem 0;list-style:none;\
        font-size:.85rem;color:var(--dim)}
        .legend span{color:var(--ink);display:inline-block;min-width:1.2em;text-align:center}
        svg{display:block;width:100%;min-width:46rem;height:auto;font:12px system-ui,"DejaVu Sans",sans-serif}
        .g{stroke:var(--line);fill:none}.a{fill:var(--dim);text-anchor:middle;font-size:11px}
        .l{fill:var(--ink);text-anchor:end}.r{fill:var(--dim)}
        .o{fill:var(--open)}.w{fill:none;stroke:var(--warn);stroke-width:2;stroke-dasharray:4 3}
        .d{fill:var(--open-soft);stroke:var(--open);stroke-width:1;stroke-dasharray:2 2}
        .k{fill:var(--paper);stroke:var(--ink);stroke-width:2}
        .u{fill:var(--ink);stroke:var(--paper)}.e{fill:none;stroke:var(--ink);stroke-width:2.5}
        @media print{@page{size:A4 landscape;margin:14mm}
        :root{color-scheme:light;--ink:#000;--dim:#444;--paper:#fff;--panel:#fff;--line:#bbb;--open:#1b6d8c;\
        --open-soft:#1b6d8c33;--good:#176439;--warn:#8a4f00;--bad:#a8201a}
        body{padding:0;max-width:none;font-size:10pt}nav,.skip{display:none}
        svg{min-width:0;print-color-adjust:exact;-webkit-print-color-adjust:exact}
        .wide{overflow:visible}thead{display:table-header-group}
        tr,.tiles div,.picture{break-inside:avoid}table{font-size:.74rem}.tiles{grid-template-columns:repeat(6,1fr)}th,td{padding-right:.6rem}h2,h3,summary{break-after:avoid}
        details::details-content{content-visibility:visible;display:block;block-size:auto}
        pre{white-space:pre-wrap;overflow-wrap:anywhere}a{color:inherit;text-decoration:none}}
        """
}
