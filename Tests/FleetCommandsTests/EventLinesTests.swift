import Testing

@testable import FleetCommands

struct EventLinesTests {
    private func read(_ parts: String...) -> EventLines {
        var lines = EventLines()
        for part in parts { lines.take(Array(part.utf8)) }
        return lines
    }

    @Test func `an id without data tells where the stream is, and is no event`() {
        let lines = read(": \n\n", "id: 7\n\n")
        #expect(lines.position == 7 && !lines.hasEvent && lines.isOpen)
    }

    @Test func `an event counts once it has come as a whole, wherever it is cut`() {
        let text = "id: 12\r\ndata: {\"event\":\"asked\"}\r\n\r\n"
        for place in 1..<text.utf8.count {
            var lines = EventLines()
            lines.take(Array(text.utf8.prefix(place)))
            #expect(!lines.hasEvent && lines.position == nil, "\(place)")
            lines.take(Array(text.utf8.dropFirst(place)))
            #expect(lines.hasEvent && lines.position == 12, "\(place)")
        }
    }

    @Test func `what is no stream is neither an event nor endless`() {
        let garbage = read("<html>\n\n<p>hello</p>\n\n", "id: x\n\nid: 99999999999999999999\n\n")
        #expect(garbage.position == nil && !garbage.hasEvent)
        #expect(read(String(repeating: "x", count: 2 << 20)).isBroken)
    }
}
