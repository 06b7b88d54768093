import FleetCommands

@main
enum Main {
    static func main() { FleetTool.main() }
}
