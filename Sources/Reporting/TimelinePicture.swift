import Grants
import HTMLWriter

/// Some grants on one port, one in each row; if none lasts for days, all along one day.
struct TimelinePicture {
    private let timelines: ArraySlice<GrantTimeline>
    private let period: Period
    private let picture: Picture

    init(id: String, port: String, timelines: ArraySlice<GrantTimeline>, within period: Period) {
        self.timelines = timelines
        self.period = period
        let axis = Self.axis(for: timelines, within: period)
        let how = axis.isDaily ? "each along the day on which it opened" : "along the time"
        picture = Picture(
            id: id,
            title: "Grants on \(port), \(timelines.startIndex + 1) to \(timelines.endIndex)",
            description: "One a row, \(how). The table of openings says the same in words.",
            axis: axis,
            rows: timelines.count
        )
    }

    private static func axis(for timelines: ArraySlice<GrantTimeline>, within period: Period)
        -> TimeAxis
    {
        let ends = timelines.map { timeline -> (Moment, Moment) in
            let end = [timeline.deadline, timeline.closed].compactMap(\.self).max() ?? period.end
            return (timeline.opened ?? period.start, end)
        }
        let longest = ends.map { $1 - $0.midnight }.max() ?? .zero
        guard longest > .seconds(3 * 86_400) else { return TimeAxis(daily: longest) }
        let start = ends.map(\.0).min() ?? period.start
        let end = ends.map(\.1).max() ?? period.end
        return TimeAxis(of: Period(start: start, end: end).clipped(to: period) ?? period)
    }

    func write(to section: inout Markup) {
        picture.write(to: &section) { svg in
            for (row, index) in timelines.indices.enumerated() {
                let timeline = timelines[index]
                let isNewDay = row == 0 || timeline.day != timelines[index - 1].day
                if isNewDay { svg.rowDay(timeline.day, row: row) }
                svg.element("g") { group in
                    group.element("title", words(timeline))
                    draw(timeline, row, in: &group)
                }
            }
        }
    }

    private func words(_ timeline: GrantTimeline) -> String {
        let ended = timeline.closed.map { "\(timeline.reason) \($0.shown)" } ?? unclosed(timeline)
        return
            "\(timeline.requestor) from \(timeline.sources.joined(separator: ", ")), approved by "
            + "\(timeline.signers.joined(separator: ", ")): opened \(timeline.opened?.shown ?? "?"), "
            + "\(timeline.firstUse.map { "first used \($0.shown), " } ?? "")\(ended)"
    }

    private func unclosed(_ timeline: GrantTimeline) -> String {
        guard let deadline = timeline.deadline, deadline < period.end else { return "still open" }
        return "until its deadline \(deadline.shown)"
    }

    private func draw(_ timeline: GrantTimeline, _ row: Int, in group: inout Markup) {
        // The day may stand to the left of it.
        group.rowName(timeline.requestor, row: row, limit: 14)
        group.rowNote(timeline.signers.joined(separator: ", "), row: row)
        guard let access = timeline.access(in: period) else { return }
        let (left, right) = (x(access.start, timeline), x(access.end, timeline))
        if let deadline = timeline.deadline, x(deadline, timeline) > right + 1 {
            group.bar("d", from: right, to: x(deadline, timeline), row: row)
        }
        group.bar("o", from: left, to: right, row: row)
        marks(timeline, right: right, y: Picture.y(ofRow: row), in: &group)
    }

    private func x(_ moment: Moment, _ timeline: GrantTimeline) -> Double {
        guard picture.axis.isDaily, let opened = timeline.opened else {
            return picture.axis.x(moment)
        }
        return picture.axis.x(Moment(microseconds: 0) + (moment - opened.midnight))
    }

    private func marks(_ timeline: GrantTimeline, right: Double, y: Double, in group: inout Markup)
    {
        if let accepted = timeline.accepted {
            let x = x(accepted, timeline).tenths
            group.empty("circle", ["class": "k", "cx": x, "cy": y.tenths, "r": "4.5"])
        }
        if let first = timeline.firstUse, first < period.end {
            let point = "M\((x(first, timeline) - 5).tenths) \((y - 11).tenths)h10l-5 9z"
            group.empty("path", ["class": "u", "d": point])
        }
        group.empty("path", ["class": "e", "d": end(of: timeline, right: right, y: y)])
    }

    /// The mark of an end: a bar for a deadline, a cross for an earlier end, an arrow for none yet.
    private func end(of timeline: GrantTimeline, right: Double, y: Double) -> String {
        guard let end = timeline.end, end < period.end || timeline.closed == end else {
            return "M\((right - 1).tenths) \((y - 6).tenths)l8 6l-8 6"
        }
        guard timeline.closed != nil, timeline.reason != "expired" else {
            return "M\(right.tenths) \((y - 10).tenths)v20"
        }
        return "M\((right - 5).tenths) \((y - 5).tenths)l10 10m0 -10l-10 10"
    }
}

extension GrantTimeline {
    /// The day of the opening, without the year.
    fileprivate var day: String {
        String(opened?.shown.prefix(10).dropFirst(5) ?? "")
    }
}
