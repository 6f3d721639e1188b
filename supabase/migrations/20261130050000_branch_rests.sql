-- The rest of each branch: after all others, whose indexes in the packed columns stay. A city that has
-- replaced a branch by its own gets none.
insert into public.categories (code, parent_code, path, class, name_zh, name_en, icon, color, default_department, sort)
select l.code, t.code, t.path || l.code || '/', l.class, l.name_zh, l.name_en, 'lucide:ellipsis', t.color,
  l.department, t.sort + 99
from (values
  (1, 'dirty_environment', 'other_environment', 'event', '其他环境问题', 'Other dirty environment', 'public_works'),
  (2, 'aging_facility', 'other_facility', 'component', '其他设施问题', 'Other facilities', 'public_works'),
  (3, 'illegal_parking', 'other_parking', 'event', '其他乱停车', 'Other illegal parking', 'transport'),
  (4, 'illegal_construction', 'other_construction', 'event', '其他违建', 'Other illegal construction', 'building_inspection')
) as l (n, parent, code, class, name_zh, name_en, department)
join public.categories t on t.code = l.parent
join public.departments d on d.code = l.department
order by l.n
on conflict (code) do nothing;

-- The place alone does not name the thing.
update public.categories c set requires_description = true
where c.code in ('other_environment', 'other_facility', 'other_parking', 'other_construction');
update public.categories c set workflow_code = 'component' where c.code = 'other_facility';
