import Grants

/// Some grants on one port, one in each row; if none lasts for days, all along one day.
struct TimelinePicture {
    private let stories: ArraySlice<GrantStory>
    private let period: Period
    private let picture: Picture

    init(id: String, port: String, stories: ArraySlice<GrantStory>, within period: Period) {
        self.stories = stories
        self.period = period
        let axis = Self.axis(for: stories, within: period)
        let how = axis.isDaily ? "each along the day on which it opened" : "along the time"
        picture = Picture(
            id: id,
            title: "Grants on \(port), \(stories.startIndex + 1) to \(stories.endIndex)",
            description: "One a row, \(how). The table of openings says the same in words.",
            axis: axis,
            rows: stories.count
        )
    }

    private static func axis(for stories: ArraySlice<GrantStory>, within period: Period) -> TimeAxis
    {
        let ends = stories.map { story -> (Moment, Moment) in
            let end = [story.deadline, story.closed].compactMap(\.self).max() ?? period.end
            return (story.opened ?? period.start, end)
        }
        let longest = ends.map { $1 - $0.midnight }.max() ?? .zero
        guard longest > .seconds(3 * 86_400) else { return TimeAxis(daily: longest) }
        let start = ends.map(\.0).min() ?? period.start
        let end = ends.map(\.1).max() ?? period.end
        return TimeAxis(of: Period(start: start, end: end).clipped(to: period) ?? period)
    }

    func write(to section: inout Markup) {
        picture.write(to: &section) { svg in
            for (row, index) in stories.indices.enumerated() {
                let story = stories[index]
                let isNewDay = row == 0 || story.day != stories[index - 1].day
                if isNewDay { svg.rowDay(story.day, row: row) }
                svg.element("g") { group in
                    group.element("title", words(story))
                    draw(story, row, in: &group)
                }
            }
        }
    }

    private func words(_ story: GrantStory) -> String {
        let ended = story.closed.map { "\(story.reason) \($0.shown)" } ?? unclosed(story)
        return "\(story.requestor) from \(story.sources.joined(separator: ", ")), approved by "
            + "\(story.signers.joined(separator: ", ")): opened \(story.opened?.shown ?? "?"), "
            + "\(story.firstUse.map { "first used \($0.shown), " } ?? "")\(ended)"
    }

    private func unclosed(_ story: GrantStory) -> String {
        guard let deadline = story.deadline, deadline < period.end else { return "still open" }
        return "until its deadline \(deadline.shown)"
    }

    private func draw(_ story: GrantStory, _ row: Int, in group: inout Markup) {
        // The day may stand to the left of it.
        group.rowName(story.requestor, row: row, limit: 14)
        group.rowNote(story.signers.joined(separator: ", "), row: row)
        guard let access = story.access(in: period) else { return }
        let (left, right) = (x(access.start, story), x(access.end, story))
        if let deadline = story.deadline, x(deadline, story) > right + 1 {
            group.bar("d", from: right, to: x(deadline, story), row: row)
        }
        group.bar("o", from: left, to: right, row: row)
        marks(story, right: right, y: Picture.y(ofRow: row), in: &group)
    }

    private func x(_ moment: Moment, _ story: GrantStory) -> Double {
        guard picture.axis.isDaily, let opened = story.opened else { return picture.axis.x(moment) }
        return picture.axis.x(Moment(microseconds: 0) + (moment - opened.midnight))
    }

    private func marks(_ story: GrantStory, right: Double, y: Double, in group: inout Markup) {
        if let accepted = story.accepted {
            let x = x(accepted, story).tenths
            group.empty("circle", ["class": "k", "cx": x, "cy": y.tenths, "r": "4.5"])
        }
        if let first = story.firstUse, first < period.end {
            let point = "M\((x(first, story) - 5).tenths) \((y - 11).tenths)h10l-5 9z"
            group.empty("path", ["class": "u", "d": point])
        }
        group.empty("path", ["class": "e", "d": end(of: story, right: right, y: y)])
    }

    /// The mark of an end: a bar for a deadline, a cross for an earlier end, an arrow for none yet.
    private func end(of story: GrantStory, right: Double, y: Double) -> String {
        guard let end = story.end, end < period.end || story.closed == end else {
            return "M\((right - 1).tenths) \((y - 6).tenths)l8 6l-8 6"
        }
        guard story.closed != nil, story.reason != "expired" else {
            return "M\(right.tenths) \((y - 10).tenths)v20"
        }
        return "M\((right - 5).tenths) \((y - 5).tenths)l10 10m0 -10l-10 10"
    }
}

extension GrantStory {
    /// The day of the opening, without the year.
    fileprivate var day: String {
        String(opened?.shown.prefix(10).dropFirst(5) ?? "")
    }
}
