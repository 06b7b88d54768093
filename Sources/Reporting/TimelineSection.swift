import Grants
import HTMLWriter

/// Pictures of the openings over time: one of the whole period, then each grant on each port.
struct TimelineSection {
    let report: Report

    func write(to main: inout Markup) {
        main.section("timeline", "Timeline") { section in
            OverviewPicture(report: report).write(to: &section)
            guard !report.openings.isEmpty else { return }
            legend(in: &section)
            for (index, port) in report.openingsByPort.enumerated() {
                section.element("h3", port.name)
                section.pages(of: port.timelines, by: 100, named: \.days) { page, timelines in
                    for part in parts(of: timelines) {
                        let picture = TimelinePicture(
                            id: "t\(index)-\(part.startIndex)",
                            port: port.name,
                            timelines: part,
                            within: report.model.period
                        )
                        picture.write(to: &page)
                    }
                }
            }
        }
    }

    /// The grants in parts, each as large as a sheet of paper holds.
    private func parts(of timelines: ArraySlice<GrantTimeline>) -> [ArraySlice<GrantTimeline>] {
        stride(from: timelines.startIndex, to: timelines.endIndex, by: 20).map {
            timelines[$0..<min($0 + 20, timelines.endIndex)]
        }
    }

    private func legend(in section: inout Markup) {
        let signs = [
            ("\u{25CB}", "accepted, by those named at the right"), ("\u{25AC}", "open"),
            ("\u{2504}", "would have been open until"), ("\u{25BC}", "first use"),
            ("\u{2503}", "ended at its deadline"), ("\u{2715}", "ended before"),
            ("\u{25B8}", "still open at the end"),
        ]
        section.element("ul", ["class": "legend"]) { list in
            for (sign, meaning) in signs {
                list.element("li") { item in
                    item.element("span", ["aria-hidden": "true"], sign)
                    item.text(" \(meaning)")
                }
            }
        }
    }
}
