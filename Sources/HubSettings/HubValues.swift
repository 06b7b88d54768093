import FetchSettings
import Grants
import StrictTOML

extension TOMLTable {
    func path(_ key: String) -> String? {
        value(key) { setting throws(TOMLValue.Refusal) in try setting.path() }
    }

    /// The path of a file that must be named.
    func neededPath(_ key: String) -> String? {
        if !has(key) { refuse(key, "is missing", "write \(key) = \"/etc/jitgate/…\"") }
        return path(key)
    }

    func interval(_ key: String, in range: ClosedRange<Duration>) -> Duration? {
        value(key) { setting throws(TOMLValue.Refusal) in try setting.interval(in: range) }
    }

    /// The webhook of this table; `nil` if anything is wrong with it.
    func webhook() -> Webhook? {
        refuseAllBut(["name", "url", "secret_file", "events", "format"], of: "[[webhook]]")
        for key in ["name", "url"] where !has(key) {
            refuse(key, "is missing", "a webhook has a name and a url")
        }
        let name = value("name") { setting throws(TOMLValue.Refusal) in try setting.webhookName() }
        let url = value("url") { setting throws(TOMLValue.Refusal) in try setting.webhookURL() }
        let format = value("format") { setting throws(TOMLValue.Refusal) in
            try setting.choice(of: Webhook.Format.allCases)
        }
        let events = webhookEvents()
        let isSigned = has("secret_file") || format != .slack
        let secretFile = isSigned ? neededPath("secret_file") : nil
        guard let name, let url, let events, !isSigned || secretFile != nil else { return nil }
        return Webhook(
            name: name,
            url: url,
            secretFile: secretFile,
            events: events,
            format: format ?? .standard
        )
    }

    /// The events of a webhook; all, if it names none.
    private func webhookEvents() -> [WebhookEvent]? {
        guard has("events") else { return WebhookEvent.allCases }
        let events = list("events") { setting throws(TOMLValue.Refusal) in
            try setting.choice(of: WebhookEvent.allCases)
        }
        if events?.isEmpty ?? false { refuse("events", "is empty", "leave it out to get all") }
        return events
    }
}

extension TOMLValue {
    func interval(in range: ClosedRange<Duration>) throws(Refusal) -> Duration {
        let text = try printable()
        let interval: Duration
        do throws(TextError) {
            interval = try Duration(parsing: text)
        } catch {
            throw Refusal("is no length of time", "such as \"10m\" or \"24h\" belongs here")
        }
        guard range.contains(interval) else {
            let limits = "\(range.lowerBound.shortText) to \(range.upperBound.shortText)"
            throw Refusal("is \(QuotedText(text))", "\(limits) belongs here")
        }
        return interval
    }

    /// A URL without a path: browsers keep sessions of a whole host.
    func hubURL() throws(Refusal) -> String {
        let text = try printable()
        let url = try webURL(text)
        guard !url.drop(while: { $0 != ":" }).dropFirst(3).contains("/") else {
            throw Refusal(
                "is \(QuotedText(text))",
                "a hub has a host of its own; leave the path out"
            )
        }
        return url.lowercased()
    }

    /// A URL of a receiver, which may have a query.
    func webhookURL() throws(Refusal) -> String {
        let text = try printable()
        let query = text.firstIndex(of: "?") ?? text.endIndex
        _ = try webURL(String(text[..<query]))
        guard text[query...].utf8.allSatisfy({ (0x21...0x7E).contains($0) && $0 != 0x23 }) else {
            throw Refusal("is \(QuotedText(text))", "neither blanks nor # belong in it")
        }
        return text
    }

    func publishPlace() throws(Refusal) -> DepotPlace {
        let text = try printable()
        if text.hasPrefix("/") { return .directory(try path()) }
        do throws(DepotURLError) {
            return .web(try DepotURL(text).description)
        } catch {
            throw Refusal("is \(QuotedText(text))", "\(error.remedy); or a path from / does")
        }
    }

    private func webURL(_ text: String) throws(Refusal) -> String {
        do throws(DepotURLError) {
            return try DepotURL(text).description
        } catch {
            throw Refusal("is \(QuotedText(text))", error.remedy)
        }
    }

    func storePlace() throws(Refusal) -> StorePlace {
        let text = try printable()
        let remedy = "\"sqlite:/var/lib/jitgate-hub/hub.db\" or \"postgresql://…\" belongs here"
        if text.hasPrefix("sqlite:") {
            return .sqlite(try TOMLValue.string(String(text.dropFirst(7))).path())
        }
        for scheme in ["postgresql://", "postgres://"] where text.hasPrefix(scheme) {
            return .postgresql(text)
        }
        // A connection string may hold a password, so that no message quotes it.
        throw Refusal("is no store", remedy)
    }

    func listenAddress() throws(Refusal) -> ListenAddress {
        let text = try printable()
        if text.hasPrefix("unix:") {
            // sun_path has 108 bytes with its zero.
            return .unix(try TOMLValue.string(String(text.dropFirst(5))).path(longest: 107))
        }
        let malformed = Refusal(
            "is \(QuotedText(text))",
            "\"127.0.0.1:8080\", \"[::]:443\" or \"unix:/run/jitgate-hub/http\" belongs here"
        )
        guard let colon = text.lastIndex(of: ":") else { throw malformed }
        let digits = text[text.index(after: colon)...]
        guard let port = UInt16(digits), String(port) == digits else { throw malformed }
        var host = text[..<colon]
        let isBracketed = host.first == "[" && host.last == "]"
        if isBracketed { host = host.dropFirst().dropLast() }
        guard let address = try? Address(parsing: host),
            (address.family == .ipv6) == isBracketed
        else { throw malformed }
        return .ip(String(host), port: Int(port))
    }

    func network() throws(Refusal) -> Prefix {
        let text = try printable()
        do throws(TextError) {
            return try Prefix(parsing: text)
        } catch {
            throw Refusal("is \(QuotedText(text))", "a network such as 10.0.0.0/8 belongs here")
        }
    }

    /// The name of a header, in lower case, which is not one that all requests have.
    func headerName() throws(Refusal) -> String {
        let text = try printable().lowercased()
        let taken = ["host", "cookie", "authorization", "origin", "content-type", "content-length"]
        guard (1...64).contains(text.utf8.count), !taken.contains(text),
            text.utf8.allSatisfy({ (97...122).contains($0) || (48...57).contains($0) || $0 == 45 })
        else {
            throw Refusal("is \(QuotedText(text))", "a header such as X-Remote-User belongs here")
        }
        return text
    }

    func webhookName() throws(Refusal) -> String {
        let text = try printable()
        guard (1...64).contains(text.utf8.count), text.utf8.allSatisfy(\.isBareKeyByte) else {
            throw Refusal("is \(QuotedText(text))", "letters, digits, - and _ belong here")
        }
        return text
    }
}

extension String {
    /// True for an address in text form that only this machine reaches.
    var isLoopbackAddress: Bool { self == "::1" || hasPrefix("127.") }
}
