extension Moment {
    /// Reads an RFC 3339 time in UTC: `2026-12-01T12:00:00Z`, with an optional fraction.
    ///
    /// Digits beyond microseconds are dropped, so that no deadline is later than its text.
    package init(parsing text: String) throws(TextError) {
        let malformed = TextError("`\(text)` is not a UTC time such as 2026-12-01T12:00:00Z")
        let bytes = Array(text.utf8)
        guard bytes.count >= 20, bytes.last == UInt8(ascii: "Z") else { throw malformed }
        for (index, mark) in zip([4, 7, 10, 13, 16], "--T::".utf8) where bytes[index] != mark {
            throw malformed
        }
        var fields: [Int64] = []
        for range in [0..<4, 5..<7, 8..<10, 11..<13, 14..<16, 17..<19] {
            guard let field = Self.digits(bytes[range]) else { throw malformed }
            fields.append(field)
        }
        guard let fraction = Self.fraction(bytes[19..<(bytes.count - 1)]) else { throw malformed }
        guard let days = Calendar.days(year: fields[0], month: fields[1], day: fields[2]),
            fields[3] < 24, fields[4] < 60, fields[5] < 60
        else { throw TextError("`\(text)` is no date or time of day that exists") }
        let seconds = ((days * 24 + fields[3]) * 60 + fields[4]) * 60 + fields[5]
        self.init(microseconds: seconds * 1_000_000 + fraction)
    }

    private static func digits(_ bytes: ArraySlice<UInt8>) -> Int64? {
        bytes.reduce(0) { sum, byte in
            guard let sum, (0x30...0x39).contains(byte) else { return nil }
            return sum * 10 + Int64(byte - 0x30)
        }
    }

    /// The microseconds of `.123`; 0 for an empty text; `nil` for anything else.
    private static func fraction(_ bytes: ArraySlice<UInt8>) -> Int64? {
        guard let point = bytes.first else { return 0 }
        let decimals = bytes.dropFirst()
        guard point == UInt8(ascii: "."), (1...32).contains(decimals.count),
            decimals.allSatisfy({ (0x30...0x39).contains($0) })
        else { return nil }
        return digits(ArraySlice((decimals + [0x30, 0x30, 0x30, 0x30, 0x30]).prefix(6)))
    }
}

extension Moment: CustomStringConvertible {
    /// The moment in RFC 3339, UTC, with six decimals unless it is a whole second.
    package var description: String {
        let (seconds, fraction) = microseconds.quotientAndRemainder(dividingBy: 1_000_000)
        let whole = fraction < 0 ? seconds - 1 : seconds
        let days = whole >= 0 ? whole / 86_400 : (whole - 86_399) / 86_400
        let (year, month, day) = Calendar.date(days: days)
        let time = whole - days * 86_400
        let micros = fraction < 0 ? fraction + 1_000_000 : fraction
        let clock = [time / 3600, time / 60 % 60, time % 60].map { Self.padded($0, 2) }
        return "\(Self.padded(year, 4))-\(Self.padded(month, 2))-\(Self.padded(day, 2))T"
            + clock.joined(separator: ":") + (micros == 0 ? "Z" : ".\(Self.padded(micros, 6))Z")
    }

    private static func padded(_ number: Int64, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}

/// The Gregorian calendar as day numbers from 1970-01-01.
private enum Calendar {
    /// The day number of a date; `nil` for a date that does not exist.
    static func days(year: Int64, month: Int64, day: Int64) -> Int64? {
        guard (1...12).contains(month), day >= 1, day <= length(of: month, year) else { return nil }
        // Years that begin in March put the leap day last (Hinnant, chrono-compatible dates).
        let shifted = month > 2 ? year : year - 1
        let era = (shifted >= 0 ? shifted : shifted - 399) / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
            - 719_468
    }

    static func date(days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let index = (5 * dayOfYear + 2) / 153
        let month = index < 10 ? index + 3 : index - 9
        let day = dayOfYear - (153 * index + 2) / 5 + 1
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
    }

    private static func length(of month: Int64, _ year: Int64) -> Int64 {
        let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        return month == 2 ? (isLeap ? 29 : 28) : [4, 6, 9, 11].contains(month) ? 30 : 31
    }
}

extension Duration {
    /// Reads `2h`, `90m`, `1h30m`, `45s`: hours, minutes and seconds, each at most once.
    package init(parsing text: String) throws(TextError) {
        let malformed = TextError("`\(text)` is not a length of time such as 2h, 90m or 1h30m")
        var seconds: Int64 = 0
        var units = [(Character("h"), Int64(3600)), ("m", 60), ("s", 1)][...]
        var digits = ""
        for character in text {
            if character.isNumber {
                digits.append(character)
                continue
            }
            guard let unit = units.firstIndex(where: { $0.0 == character }), digits.count <= 9,
                let count = digits.decimal(as: Int64.self)
            else { throw malformed }
            seconds += count * units[unit].1
            units = units[(unit + 1)...]
            digits = ""
        }
        guard digits.isEmpty, seconds > 0 else { throw malformed }
        self = .seconds(seconds)
    }

    /// The length as `init(parsing:)` reads it; fractions of a second are dropped.
    package var shortText: String {
        let seconds = components.seconds
        let parts = [(seconds / 3600, "h"), (seconds / 60 % 60, "m"), (seconds % 60, "s")]
        let text = parts.filter { $0.0 != 0 }.map { "\($0.0)\($0.1)" }.joined()
        return text.isEmpty ? "0s" : text
    }
}
