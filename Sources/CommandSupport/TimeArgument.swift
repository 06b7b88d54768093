package import Grants

/// A point in time as journalctl takes it (systemd.time(7), PARSING TIMESTAMPS), or in RFC 3339.
///
/// Times without a zone are local, as journalctl reads them.
package struct TimeArgument {
    private let now: Moment
    /// The seconds by which the local time is ahead of UTC at a moment.
    private let secondsEast: @Sendable (Moment) -> Int

    package init(now: Moment, secondsEast: @escaping @Sendable (Moment) -> Int) {
        (self.now, self.secondsEast) = (now, secondsEast)
    }

    package func moment(_ text: String) throws(TextError) -> Moment {
        let text = String(text.drop { $0 == " " })
        if text == "now" { return now }
        for (days, name) in [(Int64(-1), "yesterday"), (0, "today"), (1, "tomorrow")] {
            if text == name { return midnight(days: days) }
            if text == "\(name) UTC" { return midnight(days: days, isUTC: true) }
        }
        if let moment = try relative(text) { return moment }
        if let moment = try dayAndClock(text) { return moment }
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
        if text.hasSuffix(" ago") { return now + (.zero - (try TimeSpan.parse(text.dropLast(4)))) }
        if text.hasSuffix(" left") { return now + (try TimeSpan.parse(text.dropLast(5))) }
        if text.hasPrefix("-") { return now + (.zero - (try TimeSpan.parse(text.dropFirst()))) }
        if text.hasPrefix("+") { return now + (try TimeSpan.parse(text.dropFirst())) }
        guard text.hasPrefix("@") else { return nil }
        return Moment(microseconds: 0) + (try TimeSpan.parse(text.dropFirst()))
    }

    // MARK: dates

    private func midnight(days: Int64, isUTC: Bool = false) -> Moment {
        let midnight = try? Moment(parsing: "\(today(isUTC, days))T00:00:00Z")
        return midnight.map { isUTC ? $0 : fromLocal($0) } ?? now
    }

    /// The date of today, or of `days` later.
    private func today(_ isUTC: Bool, _ days: Int64 = 0) -> Substring {
        let east = isUTC ? 0 : Int64(secondsEast(now))
        return "\(now + .seconds(east + days * 86_400))".prefix(10)
    }

    /// `tomorrow 22:00`, which journalctl does not know.
    private func dayAndClock(_ text: String) throws(TextError) -> Moment? {
        for (days, name) in [(Int64(-1), "yesterday "), (0, "today "), (1, "tomorrow ")]
        where text.hasPrefix(name) {
            let isUTC = text.hasSuffix(" UTC")
            return try calendar("\(today(isUTC, days)) \(text.dropFirst(name.count))")
        }
        return nil
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
        if text.dropFirst(10).hasPrefix("T") { return try rfc3339(text) }
        let isUTC = text.hasSuffix(" UTC")
        var words = text.dropLast(isUTC ? 4 : 0).split(separator: " ")[...]
        let isDate = words.first?.contains("-") == true
        let date = isDate ? Self.date(words.removeFirst()) : String(today(isUTC))
        let clock = isDate && words.isEmpty ? "00:00:00" : words.popFirst().flatMap(Self.clock)
        guard let date, let clock, words.isEmpty else { return nil }
        let moment = try Moment(parsing: "\(date)T\(clock)Z")
        return isUTC ? moment : fromLocal(moment)
    }

    /// `2026-12-01` of `26-12-1`, as strptime(3) reads it.
    private static func date(_ text: Substring) -> String? {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 3, let month = padded(parts[1]), let day = padded(parts[2]) else {
            return nil
        }
        let century = parts[0].utf8.count != 2 ? "" : parts[0] < "69" ? "20" : "19"
        return "\(century)\(parts[0])-\(month)-\(day)"
    }

    /// `09:05:00` of `9:05`; seconds may have a fraction.
    private static func clock(_ text: Substring) -> String? {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard (2...3).contains(parts.count), let hour = padded(parts[0]),
            let minute = padded(parts[1])
        else { return nil }
        let seconds = (parts.dropFirst(2).first ?? "00")
        let whole = seconds.prefix { $0 != "." }
        guard let padded = padded(whole) else { return nil }
        return "\(hour):\(minute):\(padded)\(seconds[whole.endIndex...])"
    }

    /// One or two digits as two.
    private static func padded(_ digits: Substring) -> String? {
        guard (1...2).contains(digits.utf8.count) else { return nil }
        return digits.utf8.count == 1 ? "0\(digits)" : String(digits)
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

    /// The moment whose local time reads like this one in UTC.
    private func fromLocal(_ local: Moment) -> Moment {
        let guess = local + .seconds(-Int64(secondsEast(local)))
        return local + .seconds(-Int64(secondsEast(guess)))
    }
}

extension Console {
    /// The time that an option names.
    package func moment(_ text: String?, of option: String) throws(CommandFailure) -> Moment? {
        guard let text else { return nil }
        do {
            return try TimeArgument(now: now(), secondsEast: secondsEast).moment(text)
        } catch {
            throw CommandFailure(.usage, "\(option): \(error)")
        }
    }
}
