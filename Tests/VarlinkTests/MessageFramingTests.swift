import TestSupport
import Testing
import Varlink

@Suite struct `Message framing` {
    @Test(arguments: 0..<200 as Range<UInt64>)
    func `finds the same messages however the stream is split`(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let messages = (0..<Int.random(in: 0...12, using: &generator)).map { _ in
            (0..<Int.random(in: 0...40, using: &generator)).map { _ in
                UInt8.random(in: 1...255, using: &generator)
            }
        }
        var stream = messages.flatMap { MessageFraming.frame($0) }[...]
        var framing = MessageFraming(limit: 40)
        var found: [[UInt8]] = []
        while !stream.isEmpty {
            let count = Int.random(in: 1...min(stream.count, 30), using: &generator)
            framing.append(Array(stream.prefix(count)))
            stream = stream.dropFirst(count)
            while let message = try framing.next() { found.append(message) }
        }
        #expect(found == messages)
        #expect(framing.pendingCount == 0)
    }

    @Test func `takes a message of exactly the limit`() throws {
        var framing = MessageFraming(limit: 4)
        framing.append([1, 2, 3, 4])
        #expect(try framing.next() == nil)
        framing.append([0])
        #expect(try framing.next() == [1, 2, 3, 4])
    }

    @Test(arguments: [[1, 2, 3, 4, 5], [1, 2, 3, 4, 5, 0]])
    func `refuses one byte more, with or without its end`(bytes: [UInt8]) {
        var framing = MessageFraming(limit: 4)
        framing.append(bytes)
        #expect(throws: MessageFraming.TooLong.self) { try framing.next() }
    }

    @Test func `holds no more than what is pending after ten thousand messages`() throws {
        var framing = MessageFraming()
        for _ in 0..<10_000 {
            framing.append([1, 0, 1])
            #expect(try framing.next() != nil)
            _ = try framing.next()
        }
        #expect(framing.pendingCount <= 3)
    }
}
