import Grants

/// A point in time as journalctl takes it (systemd.time(7), PARSING TIMESTAMPS), or in RFC 3339.
///
/// Times without a zone are local, as journalctl reads them.
struct TimeArgument {
    let now: Moment
    /// How many seconds the local time is ahead of UTC at a moment.
    let secondsEast: @Sendable (Moment) -> Int

    func moment(_ text: String) throws(TextError) -> Moment {
        switch text {
        case "now": return now
        case "today": return midnight(days: 0)
        case "yesterday": return midnight(days: -1)
        case "tomorrow": return midnight(days: 1)
        default: break
        }
        if let moment = try relative(text) { return moment }
        let (weekday, rest) = Self.weekday(text)
        if let moment = try calendar(rest) {
            // As journalctl does, a day that is another one is refused.
            guard weekday == nil || weekday == self.weekday(of: moment, rest) else {
                throw TextError("`\(text)` is another day of the week")
            }
            return moment
        }
        throw TextError(
            "`\(text)` is not a time; write 2026-12-01T10:00:00Z, '2026-12-01 10:00', "
                + "'2 hours ago', -1h, yesterday, today or now"
        )
    }

    // MARK: relative to now

    private func relative(_ text: String) throws(TextError) -> Moment? {
        if text.hasSuffix(" ago") { return now + (.zero - (try span(text.dropLast(4)))) }
        if text.hasPrefix("-") { return now + (.zero - (try span(text.dropFirst()))) }
        if text.hasPrefix("+") { return now + (try span(text.dropFirst())) }
        guard text.hasPrefix("@"), let seconds = Int64(text.dropFirst()), seconds >= 0 else {
            return nil
        }
        return Moment(microseconds: 0) + .seconds(seconds)
    }

    /// `2h 30min`, `1 day`: numbers with units, added up.
    private func span(_ text: some StringProtocol) throws(TextError) -> Duration {
        let malformed = TextError("`\(text)` is not a length of time such as 2h or '3 days'")
        var sum = Duration.zero
        var rest = text.drop { $0 == " " }
        guard !rest.isEmpty else { throw malformed }
        while !rest.isEmpty {
            let digits = rest.prefix { $0.isASCII && $0.isNumber }
            rest = rest[digits.endIndex...].drop { $0 == " " }
            let unit = rest.prefix { $0.isASCII && $0.isLetter }
            rest = rest[unit.endIndex...].drop { $0 == " " }
            guard let count = Int32(digits), let length = Self.units[String(unit)] else {
                throw malformed
            }
            sum += .seconds(Int64(count) * length)
        }
        return sum
    }

    /// Seconds by the names of systemd.time(7); without a name they are seconds.
    private static let units: [String: Int64] = {
        let names: [(Int64, [String])] = [
            (1, ["", "s", "sec", "second", "seconds"]), (60, ["m", "min", "minute", "minutes"]),
            (3600, ["h", "hr", "hour", "hours"]), (86_400, ["d", "day", "days"]),
            (604_800, ["w", "week", "weeks"]), (2_629_800, ["M", "month", "months"]),
            (31_557_600, ["y", "year", "years"]),
        ]
        var units: [String: Int64] = [:]
        for (seconds, all) in names { for name in all { units[name] = seconds } }
        return units
    }()

    // MARK: dates

    private func midnight(days: Int64) -> Moment {
        let local = now + .seconds(Int64(secondsEast(now)) + days * 86_400)
        let date = "\(local)".prefix(10)
        return (try? Moment(parsing: "\(date)T00:00:00Z")).map(fromLocal) ?? now
    }

    private static let weekdays = [
        "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday",
    ]

    /// A leading `Tue` or `Tuesday`, 0 being Monday, and what follows it.
    private static func weekday(_ text: String) -> (Int?, rest: String) {
        guard let space = text.firstIndex(of: " ") else { return (nil, text) }
        let name = text[..<space].lowercased()
        let day = weekdays.firstIndex { $0 == name || $0.prefix(3) == name }
        return (day, day == nil ? text : String(text[space...].drop { $0 == " " }))
    }

    private func weekday(of moment: Moment, _ text: String) -> Int {
        let isUTC = text.hasSuffix(" UTC")
        let local = isUTC ? moment : moment + .seconds(Int64(secondsEast(moment)))
        let days = Int((local.microseconds / 1_000_000 / 86_400) % 7)
        // 1970-01-01 was a Thursday.
        return (days + 3 + 7) % 7
    }

    private func calendar(_ text: String) throws(TextError) -> Moment? {
        let isDate = text.utf8.count >= 10 && text.utf8.dropFirst(4).first == UInt8(ascii: "-")
        let isClock = [5, 8].contains(text.utf8.count) && text.contains(":")
        guard isDate || isClock else { return nil }
        if text.dropFirst(10).hasPrefix("T") { return try rfc3339(text) }
        let isUTC = text.hasSuffix(" UTC")
        let words = text.dropLast(isUTC ? 4 : 0).split(separator: " ")
        let today = "\(now + .seconds(Int64(secondsEast(now))))".prefix(10)
        let date = isDate ? words[0] : today
        let clock = isDate ? words.dropFirst().first ?? "00:00:00" : words[0]
        guard words.count <= (isDate ? 2 : 1) else { return nil }
        let seconds = clock.utf8.count == 5 ? ":00Z" : "Z"
        let moment = try Moment(parsing: "\(date)T\(clock)\(seconds)")
        return isUTC ? moment : fromLocal(moment)
    }

    /// RFC 3339, with `Z` or an offset such as `+01:00`.
    private func rfc3339(_ text: String) throws(TextError) -> Moment {
        let zone = text.suffix(6)
        guard let sign = zone.first, "+-".contains(sign), zone.dropFirst(3).first == ":" else {
            return try Moment(parsing: text)
        }
        let malformed = TextError("`\(zone)` is not an offset from UTC such as +01:00")
        guard let hours = Int64(zone.dropFirst().prefix(2)), let minutes = Int64(zone.suffix(2)),
            (0...23).contains(hours), (0...59).contains(minutes)
        else { throw malformed }
        let east = (hours * 3600 + minutes * 60) * (sign == "-" ? -1 : 1)
        return try Moment(parsing: "\(text.dropLast(6))Z") + .seconds(-east)
    }

    /// What a moment is whose local time reads like this one in UTC.
    private func fromLocal(_ local: Moment) -> Moment {
        let guess = local + .seconds(-Int64(secondsEast(local)))
        return local + .seconds(-Int64(secondsEast(guess)))
    }
}
