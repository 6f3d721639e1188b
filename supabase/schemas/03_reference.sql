-- A city's first categories and departments, and the functions every page asks first.

-- A leaf sets class, department and icon; only leaves can be reported. Leaves inherit the Okabe-Ito colours,
-- safe for colour-blind people.
insert into public.departments (code, name_zh, name_en) values
  ('public_works', '市政工程与环卫', 'Public works'),
  ('urban_management', '城管执法', 'Urban management'),
  ('transport', '交通管理', 'Transport'),
  ('water', '供水排水', 'Water and sewer'),
  ('parks', '园林绿化', 'Parks and greenery'),
  ('housing', '房屋管理', 'Housing'),
  ('building_inspection', '规划与建筑执法', 'Building inspection'),
  ('environment', '生态环境', 'Environment'),
  ('fire_safety', '消防安全', 'Fire safety'),
  ('community_services', '社区服务', 'Community services');

insert into public.categories (code, parent_code, path, class, name_zh, name_en, icon, color, sort) values
  ('dirty_environment', null, 'dirty_environment/', 'event', '环境脏乱', 'Dirty environment', 'lucide:trash', '#009e73', 100),
  ('aging_facility', null, 'aging_facility/', 'component', '设施老旧', 'Ageing facilities', 'lucide:wrench', '#e69f00', 200),
  ('illegal_parking', null, 'illegal_parking/', 'event', '乱停车', 'Illegal parking', 'lucide:car-front', '#0072b2', 300),
  ('illegal_construction', null, 'illegal_construction/', 'event', '私搭违建', 'Illegal construction', 'lucide:brick-wall', '#d55e00', 400),
  ('other', null, 'other/', 'event', '其他', 'Other', 'lucide:circle-ellipsis', '#cc79a7', 500);

insert into public.categories (code, parent_code, path, class, name_zh, name_en, icon, color, default_department, sort)
select l.code, t.code, t.path || l.code || '/', l.class, l.name_zh, l.name_en, 'lucide:' || l.icon, t.color,
  l.department, t.sort + row_number() over (partition by t.code order by l.n)
from (values
  (1, 'dirty_environment', 'street_cleaning', 'event', '道路与人行道不洁', 'Street and sidewalk cleaning', 'brush-cleaning', 'public_works'),
  (2, 'dirty_environment', 'bulky_items', 'event', '大件垃圾', 'Bulky items', 'sofa', 'public_works'),
  (3, 'dirty_environment', 'illegal_dumping', 'event', '乱倒垃圾', 'Illegal dumping', 'truck', 'public_works'),
  (4, 'dirty_environment', 'exposed_garbage', 'event', '暴露垃圾', 'Exposed garbage', 'shopping-bag', 'public_works'),
  (5, 'dirty_environment', 'construction_waste', 'event', '建筑渣土', 'Construction waste', 'shovel', 'urban_management'),
  (6, 'dirty_environment', 'hazardous_waste', 'event', '危险废弃物', 'Hazardous materials', 'biohazard', 'environment'),
  (7, 'dirty_environment', 'human_animal_waste', 'event', '粪便污物', 'Human or animal waste', 'toilet', 'public_works'),
  (8, 'dirty_environment', 'litter_bin', 'component', '垃圾箱与果皮箱', 'Litter receptacles', 'recycle', 'public_works'),
  (9, 'dirty_environment', 'graffiti_public', 'event', '公共设施涂鸦', 'Graffiti on public property', 'spray-can', 'public_works'),
  (10, 'dirty_environment', 'graffiti_private', 'event', '私有物业涂鸦', 'Graffiti on private property', 'paintbrush', 'public_works'),
  (11, 'dirty_environment', 'illegal_posting', 'event', '乱贴小广告', 'Illegal postings', 'sticky-note', 'urban_management'),
  (12, 'dirty_environment', 'piled_goods', 'event', '乱堆物料', 'Piled goods', 'package', 'urban_management'),
  (13, 'dirty_environment', 'water_body_pollution', 'event', '水域不洁', 'Polluted water body', 'waves', 'environment'),
  (14, 'dirty_environment', 'cooking_fumes', 'event', '油烟污染', 'Cooking fumes', 'cooking-pot', 'environment'),
  (15, 'dirty_environment', 'dust', 'event', '扬尘污染', 'Dust', 'wind', 'environment'),

  (1, 'aging_facility', 'street_light', 'component', '路灯损坏', 'Street lights', 'lamp', 'public_works'),
  (2, 'aging_facility', 'road_surface', 'component', '道路破损', 'Street defects', 'route', 'public_works'),
  (3, 'aging_facility', 'sidewalk_curb', 'component', '人行道与路缘石破损', 'Sidewalk or curb', 'footprints', 'public_works'),
  (4, 'aging_facility', 'manhole_cover', 'component', '井盖缺损', 'Manhole covers', 'circle-dot', 'public_works'),
  (5, 'aging_facility', 'sewer', 'component', '污水管网', 'Sewers', 'droplets', 'water'),
  (6, 'aging_facility', 'storm_drain', 'component', '雨水箅子', 'Catch basins', 'grid-2x2', 'water'),
  (7, 'aging_facility', 'water_supply', 'component', '供水设施漏损', 'Water supply', 'droplet', 'water'),
  (8, 'aging_facility', 'traffic_signal', 'component', '交通信号灯', 'Traffic signals', 'traffic-cone', 'transport'),
  (9, 'aging_facility', 'traffic_sign', 'component', '标志标牌', 'Signs', 'signpost', 'transport'),
  (10, 'aging_facility', 'parking_meter', 'component', '停车计费设施', 'Parking meters', 'circle-parking', 'transport'),
  (11, 'aging_facility', 'transit_shelter', 'component', '公交站亭', 'Transit shelters', 'bus', 'transport'),
  (12, 'aging_facility', 'street_furniture', 'component', '街道家具损坏', 'Damaged street furniture', 'armchair', 'public_works'),
  (13, 'aging_facility', 'street_tree', 'component', '行道树', 'Street trees', 'tree-deciduous', 'parks'),
  (14, 'aging_facility', 'park_facility', 'component', '公园绿地设施', 'Parks and recreation', 'trees', 'parks'),
  (15, 'aging_facility', 'fitness_equipment', 'component', '健身器材', 'Fitness equipment', 'dumbbell', 'parks'),
  (16, 'aging_facility', 'public_housing', 'component', '公共住房维修', 'Public housing repairs', 'house', 'housing'),
  (17, 'aging_facility', 'dangerous_building', 'component', '老旧房屋隐患', 'Dangerous old buildings', 'building', 'housing'),
  (18, 'aging_facility', 'elevator', 'component', '电梯故障', 'Lifts', 'arrow-up-down', 'housing'),
  (19, 'aging_facility', 'overhead_cables', 'component', '线缆杂乱', 'Overhead cables', 'cable', 'public_works'),
  (20, 'aging_facility', 'utility_cabinet', 'component', '通信电力箱体', 'Utility cabinets', 'server', 'public_works'),
  (21, 'aging_facility', 'fire_equipment', 'component', '消防设施', 'Fire equipment', 'fire-extinguisher', 'fire_safety'),

  (1, 'illegal_parking', 'abandoned_vehicle', 'event', '废弃车辆', 'Abandoned vehicles', 'car', 'transport'),
  (2, 'illegal_parking', 'blocked_sidewalk', 'event', '占用道路与人行道', 'Blocked street or sidewalk', 'octagon-x', 'transport'),
  (3, 'illegal_parking', 'vehicle_parking', 'event', '机动车乱停放', 'Badly parked vehicles', 'car-front', 'transport'),
  (4, 'illegal_parking', 'bicycle_parking', 'event', '非机动车乱停放', 'Badly parked bicycles', 'bike', 'urban_management'),
  (5, 'illegal_parking', 'shared_bicycles', 'event', '共享单车淤积', 'Shared bicycles', 'layers', 'urban_management'),
  (6, 'illegal_parking', 'fire_lane', 'event', '占用消防通道', 'Blocked fire lane', 'flame', 'fire_safety'),

  (1, 'illegal_construction', 'residential_building', 'event', '住宅建筑问题', 'Residential building', 'hotel', 'building_inspection'),
  (2, 'illegal_construction', 'rooftop_addition', 'event', '楼顶加建', 'Rooftop additions', 'warehouse', 'building_inspection'),
  (3, 'illegal_construction', 'shed', 'event', '私搭棚亭', 'Sheds and lean-tos', 'tent', 'urban_management'),
  (4, 'illegal_construction', 'land_occupation', 'event', '侵占公共用地', 'Occupied public land', 'fence', 'urban_management'),
  (5, 'illegal_construction', 'facade_alteration', 'event', '擅改外立面', 'Altered facades', 'panel-top', 'building_inspection'),
  (6, 'illegal_construction', 'load_bearing_damage', 'event', '破坏承重结构', 'Damaged load-bearing walls', 'hammer', 'building_inspection'),
  (7, 'illegal_construction', 'unlicensed_works', 'event', '无证施工', 'Unlicensed works', 'construction', 'building_inspection'),

  (1, 'other', 'general_request', 'service', '综合诉求', 'General requests', 'message-circle', 'community_services'),
  (2, 'other', 'transit_feedback', 'service', '公交服务意见', 'Transit feedback', 'bus-front', 'transport'),
  (3, 'other', 'temporary_sign', 'service', '临时标志申请', 'Temporary sign requests', 'file-text', 'transport'),
  (4, 'other', 'curb_marking', 'service', '路缘标线申请', 'Curb colour requests', 'square-parking', 'transport'),
  (5, 'other', 'external_request', 'service', '外部转办', 'External requests', 'arrow-left-right', 'community_services'),
  (6, 'other', 'interdepartmental', 'service', '部门协办', 'Interdepartmental requests', 'users', 'community_services'),
  (7, 'other', 'volunteering', 'service', '志愿服务', 'Volunteering', 'hand-heart', 'community_services'),
  (8, 'other', 'noise', 'event', '噪声扰民', 'Noise', 'volume-2', 'environment'),
  (9, 'other', 'unlicensed_taxi', 'event', '非法营运', 'Unlicensed taxis', 'car-taxi-front', 'transport'),
  (10, 'other', 'street_vending', 'event', '占道经营', 'Street vending', 'store', 'urban_management'),
  (11, 'other', 'outdoor_advertising', 'event', '违规户外广告', 'Illegal outdoor advertising', 'megaphone', 'urban_management'),
  (12, 'other', 'stray_animals', 'event', '流浪动物', 'Stray animals', 'dog', 'urban_management'),
  (13, 'other', 'safety_hazard', 'event', '安全隐患', 'Safety hazards', 'triangle-alert', 'fire_safety'),
  (14, 'other', 'neighbour_dispute', 'dispute', '邻里纠纷', 'Neighbour disputes', 'handshake', 'community_services'),
  (15, 'other', 'resident_proposal', 'proposal', '居民建议', 'Residents'' proposals', 'lightbulb', 'community_services'),
  (16, 'other', 'other_matter', 'event', '其他事项', 'Other matters', 'ellipsis', 'community_services')
) as l (n, parent, code, class, name_zh, name_en, icon, department)
join public.categories t on t.code = l.parent
order by t.sort, l.n;

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

-- Metres.
update public.categories c set duplicate_radius_meters = v.meters
from (values
  (10, '{manhole_cover,parking_meter,litter_bin,fire_equipment,utility_cabinet}'::text[]),
  (15, '{storm_drain,street_tree,street_light,traffic_sign,street_furniture,vehicle_parking,abandoned_vehicle,graffiti_public,graffiti_private,illegal_posting}'),
  (20, '{traffic_signal,transit_shelter,fitness_equipment,elevator,shed}'),
  (50, '{construction_waste,cooking_fumes,land_occupation,unlicensed_works,residential_building,rooftop_addition,facade_alteration,load_bearing_damage,dangerous_building,public_housing,sewer,water_supply}'),
  (100, '{water_body_pollution,dust,park_facility,noise}'),
  -- requests have no duplicates
  (0, '{general_request,transit_feedback,temporary_sign,curb_marking,external_request,neighbour_dispute,resident_proposal}')
) as v (meters, codes)
where c.code = any (v.codes);

-- The place alone does not name the flat, lift or object.
update public.categories c set requires_description = true
where c.parent_code = 'other'
  or c.code like 'other\_%'
  or c.code in ('public_housing', 'elevator', 'dangerous_building', 'park_facility',
    'hazardous_waste', 'residential_building');

-- Errors: 42501 not signed in.
create or replace function private.require_user()
returns uuid language plpgsql stable set search_path = '' as $$
declare
  v_user uuid := auth.uid();
begin
  if v_user is null then
    raise exception 'sign in first' using errcode = '42501';
  end if;
  return v_user;
end $$;

-- In UTC before the city has settings.
create or replace function private.city_today()
returns date language sql stable security definer set search_path = '' as $$
  select (now() at time zone coalesce((select time_zone from public.city_settings), 'UTC'))::date
$$;

-- Null without a demo.
create or replace function private.demo_dates()
returns jsonb language sql stable security definer set search_path = '' as $$
  select jsonb_build_object('weeks', demo_weeks, 'until', demo_until,
    'isOld', demo_until < private.city_today() - interval '1 month')
  from public.city_settings where demo_weeks is not null
$$;

create or replace function private.session_context()
returns jsonb language sql stable security definer set search_path = '' as $$
  select jsonb_build_object(
    'userId', u.id,
    'displayName', p.display_name,
    'locale', p.locale,
    'memberships', coalesce((
      select jsonb_agg(jsonb_build_object(
        'role', m.role, 'areaCode', a.code, 'areaPath', a.path, 'areaName', a.name,
        'departmentCode', m.department_code) order by a.path collate "C", m.role, m.department_code)
      from public.memberships m
      join public.areas a on a.code = m.area_code
      where m.user_id = u.id
        and private.is_valid(m.valid_from, m.valid_to, now())), '[]'),
    'scopeKey', private.scope_key(),
    'demo', private.demo_dates())
  from private.require_user() as u (id)
  left join public.profiles p on p.user_id = u.id
$$;

create or replace function private.category_list()
returns jsonb language sql stable security definer set search_path = '' as $$
  select coalesce(jsonb_agg(jsonb_build_object(
    'idx', c.idx, 'code', c.code, 'parentCode', c.parent_code, 'path', c.path, 'class', c.class,
    'nameZh', c.name_zh, 'nameEn', c.name_en, 'icon', c.icon, 'color', c.color,
    'defaultDepartment', c.default_department, 'sort', c.sort,
    'duplicateRadiusMeters', c.duplicate_radius_meters, 'requiresDescription', c.requires_description
  ) order by c.sort, c.code collate "C"), '[]')
  from private.require_user(), public.categories c
$$;

create or replace function private.department_list()
returns jsonb language sql stable security definer set search_path = '' as $$
  select coalesce(jsonb_agg(jsonb_build_object(
    'code', d.code, 'nameZh', d.name_zh, 'nameEn', d.name_en) order by d.code collate "C"), '[]')
  from private.require_user(), public.departments d
$$;

-- The signed-in person and their memberships.
-- Returns `{userId, displayName, locale, memberships: [{role, areaCode, areaPath, areaName,
-- departmentCode}], scopeKey, demo}`. `scopeKey` changes with the memberships. `demo` is null or how the
-- demo's dates were moved, `{weeks, until, isOld}`.
-- Errors: 42501.
create or replace function public.session_context() returns jsonb
language sql stable set search_path = '' as $$ select private.session_context() $$;

-- The category tree.
-- Returns `[Category]` of src/domain/city/category.ts.
-- Errors: 42501.
create or replace function public.category_list() returns jsonb
language sql stable set search_path = '' as $$ select private.category_list() $$;

-- The departments.
-- Returns `[{code, nameZh, nameEn}]`.
-- Errors: 42501.
create or replace function public.department_list() returns jsonb
language sql stable set search_path = '' as $$ select private.department_list() $$;
grant execute on function private.session_context(), private.category_list(), private.department_list(),
  public.session_context(), public.category_list(), public.department_list()
to authenticated;
